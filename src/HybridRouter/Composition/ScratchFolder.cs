namespace HybridRouter.Composition;

/// <summary>Storage of a gateway that lives for a demo or a measurement; it goes when that does.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("hybridrouter-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
