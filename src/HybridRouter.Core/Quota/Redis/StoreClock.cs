namespace HybridRouter.Quota.Redis;

/// <summary>The store's time as it was last heard, moved on by this process's own: for what happens while the store is away. Thread-safe.</summary>
internal sealed class StoreClock(TimeProvider time)
{
    private readonly Lock _gate = new();
    private double _heard = StoreTime.Of(time.GetUtcNow());
    private long _at = time.GetTimestamp();

    /// <param name="now">Microseconds since the Unix epoch.</param>
    public void Set(double now)
    {
        lock (_gate)
            (_heard, _at) = (now, time.GetTimestamp());
    }

    /// <summary>Since the Unix epoch.</summary>
    public long Milliseconds()
    {
        lock (_gate)
            return (long)((_heard + time.GetElapsedTime(_at).TotalMicroseconds) / 1000);
    }
}
