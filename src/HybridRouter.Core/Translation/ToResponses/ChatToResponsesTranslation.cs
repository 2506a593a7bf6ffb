using System.Runtime.CompilerServices;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToResponses;

/// <summary>A chat completions request served by a Responses backend. For one answer only.</summary>
internal sealed class ChatToResponsesTranslation : IWireTranslation
{
    private readonly ChatEnvelope _envelope;
    private readonly bool _includesUsage;

    public ChatToResponsesTranslation(JsonBody request, TimeProvider time, Func<string> newId)
    {
        Request = ResponsesRequest.Write(request.Root);
        _includesUsage = (request.Root.Get("stream_options") ?? default).IsTrue("include_usage");
        _envelope = new ChatEnvelope("chatcmpl-" + newId(), time, request.Root.Text("model") ?? "");
    }

    public WireApi Target => WireApi.Responses;

    public ReadOnlyMemory<byte> Request { get; }

    public ReadOnlyMemory<byte> Complete(ReadOnlyMemory<byte> answer)
    {
        using var document = BackendAnswer.Parse(answer);
        return ChatAnswer.Write(document.RootElement, _envelope);
    }

    public async IAsyncEnumerable<SseEvent> Stream(IAsyncEnumerable<SseEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var chunks = new ChatChunks(_envelope, _includesUsage);
        await foreach (var item in events.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (item.IsDone)
                break;
            using (var document = BackendAnswer.Parse(item.Data))
                chunks.Take(item.Type, document.RootElement);
            foreach (var chunk in chunks.Drain())
                yield return chunk;
            if (chunks.HasEnded)
                yield break;
        }
        throw BackendAnswer.Bad("a stream that was cut before its end");
    }
}
