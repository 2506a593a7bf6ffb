namespace HybridRouter.UnitTests.Triage;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("hybridrouter-triage-").FullName;

    public string CopyFrom(string folder, string file)
    {
        var copy = System.IO.Path.Combine(Path, file);
        File.Copy(System.IO.Path.Combine(folder, file), copy, overwrite: true);
        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
