namespace HybridRouter.Local.Managed;

/// <summary>Finds programs the way a shell does.</summary>
internal static class ExecutableSearch
{
    /// <param name="name">A path, or a name looked up on <paramref name="searchPath"/>.</param>
    /// <param name="searchPath">The PATH variable.</param>
    /// <returns>Full path, or null.</returns>
    public static string? Find(string name, string? searchPath)
    {
        if (name.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) || name.Contains(Path.AltDirectorySeparatorChar, StringComparison.Ordinal))
            return Candidates(Path.GetFullPath(name)).FirstOrDefault(IsExecutable);
        return (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => Candidates(Path.Combine(folder, name)))
            .FirstOrDefault(IsExecutable);
    }

    private static IEnumerable<string> Candidates(string path) =>
        OperatingSystem.IsWindows() && Path.GetExtension(path).Length == 0 ? [path + ".exe", path + ".cmd"] : [path];

    private static bool IsExecutable(string path)
    {
        if (!File.Exists(path))
            return false;
        const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & AnyExecute) != 0;
    }
}
