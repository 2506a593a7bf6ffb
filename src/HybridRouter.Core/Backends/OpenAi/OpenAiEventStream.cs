using System.Net.ServerSentEvents;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Backends.OpenAi;

/// <summary>
/// Reads one upstream stream and vouches for it: every event is JSON, no silence exceeds the idle timeout, and an end
/// without the operation's own terminator is reported as a cut instead of passing for a whole answer.
/// </summary>
internal sealed class OpenAiEventStream(
    WireApi api,
    Stream stream,
    TimeSpan firstByteTimeout,
    TimeSpan idleTimeout,
    CancellationTokenSource timeout,
    CancellationToken readToken,
    CancellationToken callerToken,
    IDisposable connection) : IAsyncDisposable
{
    /// <summary>Largest event; images in base64 stay below.</summary>
    internal const int MaxEventBytes = 32 * 1024 * 1024;

    private int _disposed;
    private bool _first = true;

    public async IAsyncEnumerable<SseEvent> ReadAsync()
    {
        var sawEnd = false;
        var parser = SseParser.Create(new EventSizeGuard(stream, MaxEventBytes), static (type, data) => new SseEvent(type == SseParser.EventTypeDefault ? null : type, data.ToArray()));
        var events = parser.EnumerateAsync(readToken).GetAsyncEnumerator(readToken);
        await using (events.ConfigureAwait(false))
        {
            while (await MoveNextAsync(events).ConfigureAwait(false))
            {
                var item = events.Current.Data;
                if (item.IsDone)
                {
                    sawEnd = true;
                    break;
                }
                if (!IsJsonObject(item.Data.Span))
                    throw new BackendStreamException(UpstreamErrors.BadReply("an event that is not JSON"));
                // Some servers leave the event lines of Responses out; the type stands in the data, too.
                if (api == WireApi.Responses && item.Type is null)
                    item = item with { Type = TypeOf(item.Data) };
                sawEnd |= IsTerminal(item);
                yield return item;
            }
        }
        if (!sawEnd)
            throw new BackendStreamException(UpstreamErrors.BadReply("a stream that was cut before its end"));
        if (api != WireApi.Responses)
            yield return SseEvent.Done;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        connection.Dispose();
        await stream.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<SseItem<SseEvent>> events)
    {
        try
        {
            // Until the first event the first-byte timeout goes on: headers alone are no answer.
            if (!_first)
                timeout.CancelAfter(idleTimeout);
            var moved = await events.MoveNextAsync().ConfigureAwait(false);
            _first = false;
            // A client that reads slowly is not a silent upstream.
            timeout.CancelAfter(Timeout.InfiniteTimeSpan);
            return moved;
        }
        catch (OperationCanceledException e) when (!callerToken.IsCancellationRequested)
        {
            throw new BackendStreamException(UpstreamErrors.Timeout(_first ? firstByteTimeout : idleTimeout), e);
        }
        catch (InvalidDataException e)
        {
            throw new BackendStreamException(UpstreamErrors.BadReply($"an event of more than {MaxEventBytes >> 20} MiB"), e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException)
        {
            callerToken.ThrowIfCancellationRequested();
            throw new BackendStreamException(UpstreamErrors.BadReply("a stream that was cut before its end"), e);
        }
    }

    private bool IsTerminal(SseEvent item) => api switch
    {
        WireApi.Responses => item.Type is "response.completed" or "response.failed" or "response.incomplete" or "response.cancelled" or "error",
        // Some servers leave [DONE] out; a finish reason says as much.
        _ => item.Data.Span.IndexOf("\"finish_reason\":\""u8) >= 0 || item.Data.Span.IndexOf("\"finish_reason\": \""u8) >= 0,
    };

    private static string? TypeOf(ReadOnlyMemory<byte> data)
    {
        using var document = JsonDocument.Parse(data, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        return document.RootElement.Text("type");
    }

    private static bool IsJsonObject(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty || data[0] != '{')
            return false;
        var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = JsonBody.MaxDepth });
        try
        {
            while (reader.Read())
            {
            }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
