namespace HybridRouter.Local;

/// <summary>Where HybridRouter keeps what belongs to this user and can be made anew: installed engines, notes of launched processes.</summary>
public static class UserFolder
{
    /// <summary>Environment variable that names another folder.</summary>
    public const string Variable = "HYBRIDROUTER_HOME";

    /// <summary>Need not exist yet.</summary>
    public static string Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } configured)
            return configured;
        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        return Path.Combine(data.Length > 0 ? data : Path.Combine(Path.GetTempPath(), Environment.UserName), "hybridrouter");
    }
}
