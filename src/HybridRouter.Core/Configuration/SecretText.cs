namespace HybridRouter.Configuration;

/// <summary>Resolves a configured secret: <c>env:NAME</c>, <c>file:PATH</c>, or the text itself.</summary>
public static class SecretText
{
    /// <summary>Null when the variable is not set, or the file is missing, empty or not readable by this user.</summary>
    public static string? Resolve(string? configured)
    {
        if (string.IsNullOrWhiteSpace(configured))
            return null;
        if (configured.StartsWith("env:", StringComparison.Ordinal))
            return NullIfEmpty(Environment.GetEnvironmentVariable(configured[4..]));
        return configured.StartsWith("file:", StringComparison.Ordinal) ? ReadFile(configured[5..]) : configured;
    }

    /// <summary>Says where a secret comes from without saying what it is.</summary>
    public static string Describe(string configured) =>
        configured.StartsWith("env:", StringComparison.Ordinal) || configured.StartsWith("file:", StringComparison.Ordinal) ? configured : "(written in the configuration)";

    private static string? ReadFile(string path)
    {
        try
        {
            return File.Exists(path) ? NullIfEmpty(File.ReadAllText(path)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
