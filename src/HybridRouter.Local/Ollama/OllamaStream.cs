namespace HybridRouter.Local.Ollama;

/// <summary>
/// An answer of Ollama as OllamaSharp reads it. OllamaSharp passes no token to its reads and takes an error line for a
/// chunk without content; here every read can be cancelled and timed, and the read after an error line throws it.
/// </summary>
internal sealed class OllamaStream(Stream inner, ReadLimit limit) : Stream
{
    private readonly MemoryStream _line = new();
    private string? _error;
    private bool _began;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_error is not null)
            throw OllamaFailure.InStream(_error);
        try
        {
            if (_began)
                limit.Extend();
            _began = true;
            var read = await inner.ReadAsync(buffer, limit.Token).ConfigureAwait(false);
            Inspect(buffer.Span[..read], atEnd: read == 0);
            if (read == 0 && _error is not null)
                throw OllamaFailure.InStream(_error);
            return read;
        }
        catch (OperationCanceledException) when (!limit.CallerCancelled)
        {
            throw new OllamaFailure(OllamaFailure.Silent(limit.Idle));
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous reads can be cancelled.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            limit.Dispose();
            _line.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Inspect(ReadOnlySpan<byte> bytes, bool atEnd)
    {
        foreach (var line in bytes.Split((byte)'\n'))
        {
            var part = bytes[line];
            if (_line.Length < OllamaFailure.MaxErrorBytes)
                _line.Write(part[..(int)Math.Min(part.Length, OllamaFailure.MaxErrorBytes - _line.Length)]);
            if (line.End.GetOffset(bytes.Length) < bytes.Length || atEnd)
                EndLine();
        }
    }

    private void EndLine()
    {
        var line = _line.GetBuffer().AsSpan(0, (int)_line.Length);
        // Ollama writes nothing before the member; a chunk whose text quotes it starts otherwise.
        if (_error is null && line.TrimStart((byte)' ').StartsWith("{\"error\""u8))
            _error = OllamaFailure.ReadMessage(line);
        _line.SetLength(0);
    }
}
