namespace HybridRouter.Quota.Queue;

/// <summary>What a try at the store means for the one whose turn it is.</summary>
internal static class Turn
{
    /// <summary>Quota that other replicas free is seen by looking again at least this often.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Timers count whole milliseconds; a shorter pause would be none.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// Whether a further try within its patience can help: not after a grant, a limit of the caller's own, a store that
    /// is away or an amount that never fits. Nor when the wait is known to be longer than its patience; that for a slot is a guess.
    /// </summary>
    public static bool MayWait(QuotaVerdict verdict, TimeSpan patience) =>
        verdict is { Refusal: QuotaRefusal.Options, Wait: { } wait } && patience > TimeSpan.Zero
        && (wait <= patience || verdict.RefusedBy?.Kind == MeterKind.Concurrency);

    /// <summary>Until the next try, which comes no later than the end of its patience.</summary>
    public static TimeSpan Pause(TimeSpan wait, TimeSpan patience)
    {
        var pause = wait < LongestPause ? wait : LongestPause;
        pause = pause < patience ? pause : patience;
        return pause > ShortestPause ? pause : ShortestPause;
    }
}
