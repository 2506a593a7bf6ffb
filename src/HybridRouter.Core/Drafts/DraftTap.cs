using System.Runtime.CompilerServices;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Drafts;

/// <summary>Reads a draft along while it passes, in the wire of its engine, and takes out of it what only the check asked for. For one answer.</summary>
/// <param name="strips">Log-probabilities are taken out.</param>
internal sealed class DraftTap(bool strips)
{
    private readonly DraftReader _reader = new();

    /// <summary>The answer came to its own end.</summary>
    public bool Ended { get; private set; }

    /// <summary>Why it broke in the middle; null while it did not.</summary>
    public BackendFailure? Broke { get; private set; }

    /// <summary>What has passed so far. Once.</summary>
    public Draft ToDraft() => _reader.ToDraft();

    public BackendReply Watch(BackendReply reply, CancellationToken cancellationToken) => reply switch
    {
        BackendReply.Complete complete => new BackendReply.Complete(Take(complete.Body), complete.DisposeAsync) { Headers = complete.Headers },
        BackendReply.Streaming streaming => new BackendReply.Streaming(Watch(streaming.Events, cancellationToken), streaming.DisposeAsync) { Headers = streaming.Headers },
        _ => reply,
    };

    private ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> answer)
    {
        Ended = true;
        return Pass(answer);
    }

    private async IAsyncEnumerable<SseEvent> Watch(IAsyncEnumerable<SseEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var source = events.GetAsyncEnumerator(cancellationToken);
        await using var disposal = source.ConfigureAwait(false);
        while (await MoveNextAsync(source).ConfigureAwait(false))
        {
            var item = source.Current;
            Ended |= item.IsDone;
            yield return item.IsDone || item.IsComment ? item : item with { Data = Pass(item.Data) };
        }
        Ended = true;
    }

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<SseEvent> source)
    {
        try
        {
            return await source.MoveNextAsync().ConfigureAwait(false);
        }
        catch (BackendStreamException e)
        {
            Broke = e.Failure;
            throw;
        }
    }

    private ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> json)
    {
        _reader.Add(json);
        return strips ? AddedLogProbs.Remove(json) : json;
    }
}
