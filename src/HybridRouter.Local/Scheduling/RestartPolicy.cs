namespace HybridRouter.Local.Scheduling;

/// <summary>How long to wait after a crash, and when to give up. Pure.</summary>
internal static class RestartPolicy
{
    /// <summary>Crashes in a row after which a model is given up for a while.</summary>
    public const int MaxQuickFailures = 4;

    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>A process that was ready for this long was a good one: the count starts anew.</summary>
    public static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(60);

    /// <summary>After giving up, one more try is made on the first request after this time.</summary>
    public static readonly TimeSpan GiveUpFor = TimeSpan.FromMinutes(5);

    /// <summary>The same for something an operator mends: a missing executable, missing weights.</summary>
    public static readonly TimeSpan LastingGiveUpFor = TimeSpan.FromSeconds(30);

    /// <param name="failures">Crashes in a row, this one included, at least 1.</param>
    public static TimeSpan Pause(int failures)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(failures - 1, 16));
        return pause < LongestPause ? pause : LongestPause;
    }
}
