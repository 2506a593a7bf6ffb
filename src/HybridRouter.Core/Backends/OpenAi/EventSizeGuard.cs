namespace HybridRouter.Backends.OpenAi;

/// <summary>
/// Passes a stream of events and breaks it when one does not come to its end: a parser keeps a line until it is whole, so
/// an upstream that never ends one would fill the memory. Not thread-safe.
/// </summary>
internal sealed class EventSizeGuard(Stream inner, int mostBytes) : Stream
{
    private long _bytes;
    private bool _lineIsEmpty = true;
    private bool _afterReturn;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="InvalidDataException">An event is larger than allowed.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Count(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        Count(buffer.AsSpan(offset, read));
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Lines end with CR, LF or both; an empty line ends an event.</summary>
    private void Count(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            if (end < 0)
            {
                _bytes += bytes.Length;
                (_lineIsEmpty, _afterReturn) = (false, false);
                break;
            }
            if (!(end == 0 && _afterReturn && bytes[0] == (byte)'\n'))
            {
                _bytes = end == 0 && _lineIsEmpty ? 0 : _bytes + end + 1;
                (_lineIsEmpty, _afterReturn) = (true, bytes[end] == (byte)'\r');
            }
            else
            {
                _afterReturn = false;
            }
            bytes = bytes[(end + 1)..];
        }
        if (_bytes > mostBytes)
            throw new InvalidDataException("An event of the upstream does not end.");
    }
}
