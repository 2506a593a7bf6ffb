namespace HybridRouter.Models;

/// <summary>The unfinished file of a download, and beside it which version of the original it belongs to. Held by one process at a time.</summary>
internal sealed class PartFile : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;

    private PartFile(string path, FileStream stream) => (_path, _stream) = (path, stream);

    public long Length => _stream.Length;

    /// <summary>ETag of the server whose bytes these are; null = not known.</summary>
    public string? Validator => File.Exists(ValidatorPath) ? File.ReadAllText(ValidatorPath) : null;

    private string ValidatorPath => _path + ".etag";

    /// <exception cref="IOException">Another process is downloading the same file, or the disk refuses.</exception>
    public static PartFile Open(string target)
    {
        var path = target + ".part";
        return new PartFile(path, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 256 * 1024, FileOptions.Asynchronous));
    }

    /// <summary>Goes on at <paramref name="offset"/>, dropping what lies behind.</summary>
    public void ContinueAt(long offset, string? validator)
    {
        _stream.SetLength(offset);
        _stream.Position = offset;
        // A weak validator promises the same meaning, not the same bytes.
        if (validator is null || validator.StartsWith("W/", StringComparison.Ordinal))
            File.Delete(ValidatorPath);
        else
            File.WriteAllText(ValidatorPath, validator);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => _stream.WriteAsync(bytes, cancellationToken);

    /// <summary>Brings everything to the disk and closes it; returns the path.</summary>
    public string Close()
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        return _path;
    }

    public void MoveTo(string target)
    {
        File.Move(_path, target, overwrite: true);
        File.Delete(ValidatorPath);
    }

    public void Delete()
    {
        _stream.Dispose();
        File.Delete(_path);
        File.Delete(ValidatorPath);
    }

    public void Dispose() => _stream.Dispose();
}
