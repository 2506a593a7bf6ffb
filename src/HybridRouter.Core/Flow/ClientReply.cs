using System.Runtime.CompilerServices;
using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Callers;
using HybridRouter.Intake;
using HybridRouter.Usage;
using HybridRouter.Wire;

namespace HybridRouter.Flow;

/// <summary>Turns a backend's reply into the one the client asked for: its wire, with or without the usage chunk.</summary>
internal static class ClientReply
{
    /// <param name="settlement">Done when the reply is disposed, which it is however the client leaves it.</param>
    /// <exception cref="BackendStreamException">A whole answer could not be translated.</exception>
    public static BackendReply From(
        BackendReply reply,
        ModelRequest request,
        OutgoingRequest outgoing,
        Settlement settlement,
        IReadOnlyList<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken)
    {
        async ValueTask ReleaseAsync()
        {
            try
            {
                await reply.DisposeAsync().ConfigureAwait(false);
            }
            finally
            {
                await settlement.AnsweredAsync().ConfigureAwait(false);
            }
        }
        switch (reply)
        {
            case BackendReply.Complete complete:
                settlement.Tap.NoteAnswer(complete.Body);
                var body = outgoing.Translation is { } translation ? translation.Complete(complete.Body)
                    : request.Api == WireApi.Embeddings ? EmbeddingFormat.Apply(complete.Body, request.Body.Root)
                    : complete.Body;
                return new BackendReply.Complete(body, ReleaseAsync) { Headers = headers };
            case BackendReply.Streaming streaming:
                var events = Relay(settlement.Tap.Watch(streaming.Events, cancellationToken), settlement, cancellationToken);
                if (outgoing.Translation is { } wire)
                    events = wire.Stream(events, cancellationToken);
                if (request.Api is WireApi.ChatCompletions or WireApi.Completions && !request.IncludeUsage)
                    events = UsageChunk.Drop(events, cancellationToken);
                return new BackendReply.Streaming(events, ReleaseAsync) { Headers = headers };
            default:
                throw new ArgumentOutOfRangeException(nameof(reply), reply.GetType().Name, "There is an answer to be made of it.");
        }
    }

    /// <summary>A stream that was read to its end waits for the client alone; the upstream's share is free by then.</summary>
    private static async IAsyncEnumerable<SseEvent> Relay(
        IAsyncEnumerable<SseEvent> events, Settlement settlement, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in events.WithCancellation(cancellationToken).ConfigureAwait(false))
            yield return item;
        await settlement.ModelDoneAsync().ConfigureAwait(false);
    }
}

/// <summary>The extra chunk with <c>choices: []</c> and <c>usage</c> that closes a chat stream when asked for.</summary>
internal static class UsageChunk
{
    /// <summary>Passes all but that chunk.</summary>
    public static async IAsyncEnumerable<SseEvent> Drop(IAsyncEnumerable<SseEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in events.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (!Is(item))
                yield return item;
        }
    }

    public static bool Is(SseEvent item)
    {
        if (item.IsDone || !TokenUsage.MayHold(item.Data.Span))
            return false;
        using var chunk = JsonDocument.Parse(item.Data, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        return chunk.RootElement.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object
            && chunk.RootElement.TryGetProperty("choices", out var choices) && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() == 0;
    }
}
