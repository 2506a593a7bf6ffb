using System.Runtime.CompilerServices;
using HybridRouter.Wire;

namespace HybridRouter.Usage;

/// <summary>Picks the token counts out of an answer on its way to the client.</summary>
public sealed class UsageTap
{
    /// <summary>The last counts seen; null while none were, or when the stream was cut before them.</summary>
    public TokenUsage? Seen { get; private set; }

    internal void Note(ReadOnlyMemory<byte> json) => Seen = TokenUsage.Read(json) ?? Seen;

    internal async IAsyncEnumerable<SseEvent> Watch(IAsyncEnumerable<SseEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in events.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            Note(item.Data);
            yield return item;
        }
    }
}
