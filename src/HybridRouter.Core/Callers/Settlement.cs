using HybridRouter.Backends;
using HybridRouter.Quota;
using HybridRouter.Usage;

namespace HybridRouter.Callers;

/// <summary>Ends the quota side of one request at one model. Whichever way it ends first counts; what comes later does nothing.</summary>
internal sealed class Settlement(Admission admission, ServedModel model, UsageTap tap)
{
    private const double MinCharsPerToken = 0.1;

    public Admission Admission { get; } = admission;

    /// <summary>Watches the answer.</summary>
    public UsageTap Tap { get; } = tap;

    /// <summary>Told the counts of a whole answer.</summary>
    public required Action<TokenUsage> Learn { get; init; }

    /// <summary>The model is done, though its answer may not be read yet: the upstream's share is free for others.</summary>
    public ValueTask ModelDoneAsync()
    {
        // A stream that broke before it gave anything costs the caller nothing; the upstream has read the request for it.
        var used = Used;
        return Admission.SettleAttemptAsync(used == UsedTokens.None ? Input : used);
    }

    /// <summary>The client has the answer, or went away, or the stream broke: what was generated until then is charged.</summary>
    public async ValueTask AnsweredAsync()
    {
        if (Tap is { Ended: true, Seen: { } usage })
            Learn(usage);
        await ModelDoneAsync().ConfigureAwait(false);
        await Admission.SettleAsync(Used).ConfigureAwait(false);
    }

    /// <summary>
    /// No answer came. The caller is charged a request and no tokens; when another model is tried, not even that. What the
    /// upstream counted all the same is settled with it.
    /// </summary>
    public async ValueTask FailedAsync(bool goesOn)
    {
        await ModelDoneAsync().ConfigureAwait(false);
        await Admission.SettleAsync(UsedTokens.None, counted: !goesOn).ConfigureAwait(false);
    }

    /// <summary>The client went away before an answer began: the model has read its request by then, or was about to.</summary>
    public ValueTask CancelledAsync() => Admission.SettleAsync(Input);

    private UsedTokens Input => new(Admission.Estimate.Input, 0);

    private UsedTokens Used => Tap.Used(Admission.Estimate.Input, Math.Max(MinCharsPerToken, model.CharsPerToken));
}
