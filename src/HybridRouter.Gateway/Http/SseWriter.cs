using System.IO.Pipelines;
using System.Text;
using HybridRouter.Backends;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Gateway.Http;

/// <summary>Relays a stream to the client, event by event, and ends it the way its wire tells of trouble.</summary>
internal sealed class SseWriter(HttpContext context, WireApi api)
{
    private const int MaxUnflushed = 16 * 1024;

    private SseEvent _first;
    private SseEvent _last;

    /// <summary>When the first event was written; null before.</summary>
    public long? FirstWrite { get; private set; }

    /// <summary>Nothing is written until the source has given its first event; so a failure until then is still an ordinary error.</summary>
    /// <exception cref="BackendStreamException">The stream failed before its first event.</exception>
    /// <returns>False when it broke in the middle.</returns>
    public async Task<bool> WriteAsync(IAsyncEnumerable<SseEvent> events, TimeProvider time)
    {
        var cancellationToken = context.RequestAborted;
        var writer = context.Response.BodyWriter;
        var source = events.GetAsyncEnumerator(cancellationToken);
        await using var _ = source.ConfigureAwait(false);
        try
        {
            while (true)
            {
                var next = source.MoveNextAsync();
                // Events that came together leave together; a flush for each would cost more than relaying them.
                if (!next.IsCompleted && writer.CanGetUnflushedBytes && writer.UnflushedBytes > 0)
                    await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
                if (!await next.ConfigureAwait(false))
                    break;
                if (FirstWrite is null)
                {
                    _first = source.Current;
                    FirstWrite = time.GetTimestamp();
                    Begin(context.Response);
                }
                _last = source.Current;
                Write(writer, source.Current);
                if (writer.UnflushedBytes >= MaxUnflushed)
                    await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (BackendStreamException e) when (FirstWrite is not null)
        {
            Write(writer, StreamFailure.Event(api, e.Failure.Error, _first, _last));
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    private static void Begin(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        // nginx and kin would hold events back.
        response.Headers["X-Accel-Buffering"] = "no";
    }

    private static void Write(PipeWriter writer, SseEvent item)
    {
        if (item.IsComment)
        {
            Append(writer, ": "u8);
            Append(writer, item.Data.Span);
            Append(writer, "\n\n"u8);
            return;
        }
        if (item.Type is not null)
        {
            Append(writer, "event: "u8);
            Encoding.UTF8.GetBytes(item.Type.AsSpan(), writer);
            Append(writer, "\n"u8);
        }
        // A payload with line breaks takes a data line for each.
        var data = item.Data.Span;
        int end;
        while ((end = data.IndexOf((byte)'\n')) >= 0)
        {
            Append(writer, "data: "u8);
            Append(writer, data[..(end + 1)]);
            data = data[(end + 1)..];
        }
        Append(writer, "data: "u8);
        Append(writer, data);
        Append(writer, "\n\n"u8);
    }

    private static void Append(PipeWriter writer, ReadOnlySpan<byte> bytes) => System.Buffers.BuffersExtensions.Write(writer, bytes);
}
