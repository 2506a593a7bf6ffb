using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Backends.OpenAi;

/// <summary>
/// Holds back the events of a stream that carry no answer yet. An error among them becomes a failure that another
/// backend can make good; once anything of substance has passed, or the window is full or over, the stream is committed.
/// </summary>
internal static class StreamOpening
{
    internal const int MaxHeldEvents = 64;
    internal const int MaxHeldBytes = 256 * 1024;

    public static async Task<BackendReply> OpenAsync(
        OpenAiEventStream source,
        WireApi api,
        TimeSpan window,
        IReadOnlyList<KeyValuePair<string, string>> headers,
        string? apiKey,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var held = new List<SseEvent>();
        var events = source.ReadAsync().GetAsyncEnumerator(CancellationToken.None);
        Task<bool>? pending = null;
        var committed = false;
        try
        {
            Task? windowEnd = null;
            var heldBytes = 0;
            while (held.Count < MaxHeldEvents && heldBytes < MaxHeldBytes)
            {
                pending = events.MoveNextAsync().AsTask();
                // Before the first event nothing is known, so there the first-byte timeout alone limits the wait.
                if (held.Count > 0 && !pending.IsCompleted)
                {
                    windowEnd ??= Task.Delay(window, time, cancellationToken);
                    if (await Task.WhenAny(pending, windowEnd).ConfigureAwait(false) == windowEnd)
                        break;
                }
                if (!await pending.ConfigureAwait(false))
                    break;
                pending = null;
                if (UpstreamErrors.FromEvent(events.Current, apiKey) is { } failure)
                    return new BackendReply.Failed(failure);
                if (events.Current.IsDone && held.Count == 0)
                    return new BackendReply.Failed(UpstreamErrors.BadReply("a stream without an answer"));
                held.Add(events.Current);
                heldBytes += events.Current.Data.Length;
                if (!IsPreamble(events.Current, api))
                    break;
            }
            cancellationToken.ThrowIfCancellationRequested();
            committed = true;
            return new BackendReply.Streaming(Resume(held, events, pending, apiKey), () => CloseAsync(source, events, pending)) { Headers = headers };
        }
        catch (BackendStreamException e)
        {
            return new BackendReply.Failed(e.Failure);
        }
        finally
        {
            if (!committed)
                await CloseAsync(source, events, pending).ConfigureAwait(false);
        }
    }

    private static async IAsyncEnumerable<SseEvent> Resume(List<SseEvent> held, IAsyncEnumerator<SseEvent> events, Task<bool>? pending, string? apiKey)
    {
        foreach (var item in held)
            yield return item;
        while (pending is null ? await events.MoveNextAsync().ConfigureAwait(false) : await pending.ConfigureAwait(false))
        {
            pending = null;
            // A chat stream tells of an error in an ordinary chunk; Responses has events for it, which pass through.
            if (events.Current.Type is null && UpstreamErrors.FromEvent(events.Current, apiKey) is { } failure)
                throw new BackendStreamException(failure);
            yield return events.Current;
        }
    }

    private static async ValueTask CloseAsync(OpenAiEventStream source, IAsyncEnumerator<SseEvent> events, Task<bool>? pending)
    {
        // Closing the connection first ends a read that still runs; only then may the enumerator be disposed.
        await source.DisposeAsync().ConfigureAwait(false);
        try
        {
            if (pending is not null)
                await pending.ConfigureAwait(false);
            await events.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is BackendStreamException or OperationCanceledException or NotSupportedException)
        {
            // The stream was given up; how its last read ended is of no interest.
        }
    }

    private static bool IsPreamble(SseEvent item, WireApi api)
    {
        if (api == WireApi.Responses)
            return item.Type is "response.created" or "response.queued" or "response.in_progress" or "response.output_item.added" or "response.content_part.added";
        if (api != WireApi.ChatCompletions || item.IsDone)
            return false;
        using var chunk = JsonDocument.Parse(item.Data, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        if (!chunk.RootElement.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var choice in choices.EnumerateArray())
        {
            if (choice.ValueKind != JsonValueKind.Object || HasSubstance(choice))
                return false;
        }
        return true;
    }

    private static bool HasSubstance(JsonElement choice)
    {
        if (choice.TryGetProperty("finish_reason", out var finish) && finish.ValueKind == JsonValueKind.String)
            return true;
        if (!choice.TryGetProperty("delta", out var delta) || delta.ValueKind != JsonValueKind.Object)
            return false;
        foreach (var member in delta.EnumerateObject())
        {
            var empty = member.Value.ValueKind == JsonValueKind.Null || (member.Value.ValueKind == JsonValueKind.String && member.Value.ValueEquals(""));
            if (!empty && !member.NameEquals("role"))
                return true;
        }
        return false;
    }
}
