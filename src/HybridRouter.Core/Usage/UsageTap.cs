using System.Runtime.CompilerServices;
using HybridRouter.Backends;
using HybridRouter.Quota;
using HybridRouter.Wire;

namespace HybridRouter.Usage;

/// <summary>
/// Picks the token counts out of an answer on its way to the client, and measures the answer itself: what was generated
/// until a stream was cut or left is paid for, although no count of it ever came. For one answer; not thread-safe.
/// </summary>
/// <param name="api">What the backend speaks.</param>
public sealed class UsageTap(WireApi api = WireApi.None)
{
    private OutputMeter _output;

    /// <summary>The last counts seen; null while none were, or when the stream was cut before them.</summary>
    public TokenUsage? Seen { get; private set; }

    /// <summary>The answer came to its own end.</summary>
    public bool Ended { get; private set; }

    /// <summary>The backend broke it off, or said that it failed.</summary>
    public bool Broke { get; private set; }

    /// <summary>UTF-8 bytes of text, reasoning and arguments seen so far.</summary>
    public long OutputBytes => _output.Bytes;

    /// <summary>
    /// What the answer cost: as the backend counted it, and where it did not, or counted nothing although there was
    /// something, as estimated. A stream that broke before it gave anything cost nothing.
    /// </summary>
    /// <param name="estimatedInput">Tokens of the request.</param>
    /// <param name="charsPerToken">Of the model; greater than 0.</param>
    public UsedTokens Used(long estimatedInput, double charsPerToken)
    {
        if (Broke && Seen is null && OutputBytes == 0)
            return UsedTokens.None;
        var seen = Seen ?? default;
        var input = seen.Prompt > 0 ? seen.Prompt : estimatedInput;
        var visible = (long)Math.Ceiling(OutputBytes / charsPerToken);
        // Counts that came before the end tell of a part only, as some servers send them with each chunk.
        var output = Ended && seen.Completion > 0 ? seen.Completion : Math.Max(seen.Completion, visible);
        return new UsedTokens(input, output, seen.CachedPrompt);
    }

    internal void NoteAnswer(ReadOnlyMemory<byte> json)
    {
        Note(json);
        _output.AddAnswer(api, json.Span);
        Ended = true;
    }

    internal async IAsyncEnumerable<SseEvent> Watch(IAsyncEnumerable<SseEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var source = events.GetAsyncEnumerator(cancellationToken);
        await using var disposal = source.ConfigureAwait(false);
        while (await MoveNextAsync(source).ConfigureAwait(false))
        {
            NoteEvent(source.Current);
            yield return source.Current;
        }
    }

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<SseEvent> source)
    {
        try
        {
            var moved = await source.MoveNextAsync().ConfigureAwait(false);
            Ended |= !moved && !Broke;
            return moved;
        }
        catch (BackendStreamException)
        {
            Broke = true;
            throw;
        }
    }

    private void NoteEvent(SseEvent item)
    {
        if (item.IsDone)
        {
            Ended = true;
            return;
        }
        Note(item.Data);
        _output.AddEvent(api, item);
        Broke |= item.Type is "response.failed" or "error";
        Ended |= item.Type is "response.completed" or "response.incomplete";
    }

    private void Note(ReadOnlyMemory<byte> json) => Seen = TokenUsage.Read(json) ?? Seen;
}
