namespace HybridRouter.Quota.Queue;

/// <summary>Carries the estimated wait of a request from whoever makes it wait to whoever talks with the client. Thread-safe.</summary>
public sealed class WaitNotice(TimeProvider time)
{
    private Told? _told;

    /// <summary>It has begun to wait, for about this long; the last call counts.</summary>
    public void Tell(TimeSpan about) => Volatile.Write(ref _told, new Told(about, time.GetTimestamp()));

    /// <summary>What is left of the wait; null when nothing was told, or when it takes longer than was told.</summary>
    public TimeSpan? Left => Volatile.Read(ref _told) is { } told && told.About - time.GetElapsedTime(told.At) is { Ticks: > 0 } left ? left : null;

    private sealed record Told(TimeSpan About, long At);
}
