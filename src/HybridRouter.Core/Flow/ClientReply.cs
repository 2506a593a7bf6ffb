using System.Runtime.CompilerServices;
using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Intake;
using HybridRouter.Usage;
using HybridRouter.Wire;

namespace HybridRouter.Flow;

/// <summary>Turns a backend's reply into the one the client asked for: its wire, with or without the usage chunk.</summary>
internal static class ClientReply
{
    /// <exception cref="BackendStreamException">A whole answer could not be translated.</exception>
    public static BackendReply From(BackendReply reply, ModelRequest request, OutgoingRequest outgoing, UsageTap tap, CancellationToken cancellationToken)
    {
        if (reply is BackendReply.Complete answered)
            tap.Note(answered.Body);
        switch (reply)
        {
            case BackendReply.Complete complete when outgoing.Translation is { } translation:
                return new BackendReply.Complete(translation.Complete(complete.Body), complete.DisposeAsync) { Headers = complete.Headers };
            case BackendReply.Complete complete when request.Api == WireApi.Embeddings:
                return new BackendReply.Complete(EmbeddingFormat.Apply(complete.Body, request.Body.Root), complete.DisposeAsync) { Headers = complete.Headers };
            case BackendReply.Streaming streaming:
                var events = tap.Watch(streaming.Events, cancellationToken);
                if (outgoing.Translation is { } wire)
                    events = wire.Stream(events, cancellationToken);
                if (request.Api is WireApi.ChatCompletions or WireApi.Completions && !request.IncludeUsage)
                    events = UsageChunk.Drop(events, cancellationToken);
                return new BackendReply.Streaming(events, streaming.DisposeAsync) { Headers = streaming.Headers };
            default:
                return reply;
        }
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
