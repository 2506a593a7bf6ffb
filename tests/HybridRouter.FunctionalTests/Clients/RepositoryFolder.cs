namespace HybridRouter.FunctionalTests.Clients;

/// <summary>Paths in the checkout that these tests were built from.</summary>
internal static class RepositoryFolder
{
    public static string Root { get; } = FindRoot();

    public static string TriageModel => Path.Combine(Root, "models", "triage", "code");

    /// <summary>Files of these tests that are not compiled.</summary>
    public static string Clients => Path.Combine(Root, "tests", "HybridRouter.FunctionalTests", "Clients");

    /// <summary>Git-ignored; what was installed here is used again by the next run.</summary>
    public static string Cache => Path.Combine(Root, ".cache");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "HybridRouter.sln")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException("HybridRouter.sln was not found above the tests.");
    }
}
