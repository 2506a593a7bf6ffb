namespace HybridRouter.Bench;

/// <summary>
/// A clock that runs a number of times as fast as another one, its timers too. A timer may be late, as any may, but is
/// never early: being early by a real millisecond would be early by many of this clock's.
/// </summary>
/// <param name="factor">How much faster, more than 0.</param>
/// <param name="real">The clock that is sped up.</param>
internal sealed class ScaledTimeProvider(double factor, TimeProvider real) : TimeProvider
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly long _start = real.GetTimestamp();
    private readonly DateTimeOffset _startUtc = real.GetUtcNow();

    public double Factor => factor;

    public override long TimestampFrequency => real.TimestampFrequency;

    public override long GetTimestamp() => _start + (long)((real.GetTimestamp() - _start) * factor);

    public override DateTimeOffset GetUtcNow() => _startUtc + GetElapsedTime(_start, GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new ScaledTimer(real.CreateTimer(callback, state, Due(dueTime), Period(period)), this);

    /// <summary>Rounded up, as system timers count whole milliseconds, and one more, as they count them from the last tick.</summary>
    private TimeSpan Due(TimeSpan due) => due <= TimeSpan.Zero ? due : Period(due) + Millisecond;

    private TimeSpan Period(TimeSpan period) =>
        period <= TimeSpan.Zero ? period : TimeSpan.FromMilliseconds(Math.Ceiling(period.TotalMilliseconds / factor));

    private sealed class ScaledTimer(ITimer timer, ScaledTimeProvider clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(clock.Due(dueTime), clock.Period(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
