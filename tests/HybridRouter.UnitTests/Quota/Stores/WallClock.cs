using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Quota.Stores;

/// <summary>A clock that can be set while time passes as before: timestamps and timers know nothing of it.</summary>
internal sealed class WallClock(FakeTimeProvider time) : TimeProvider
{
    /// <summary>How far it is set from the right time.</summary>
    public TimeSpan Wrong { get; set; }

    public override long TimestampFrequency => time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + Wrong;

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.CreateTimer(callback, state, dueTime, period);
}
