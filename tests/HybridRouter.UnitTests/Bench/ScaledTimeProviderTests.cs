using HybridRouter.Bench;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Bench;

public sealed class ScaledTimeProviderTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private readonly FakeTimeProvider _real = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly ScaledTimeProvider _clock;

    public ScaledTimeProviderTests() => _clock = new ScaledTimeProvider(15, _real);

    [Fact]
    public void TimestampAndDate_RealTimePasses_MoveTogetherAndFaster()
    {
        var (start, date) = (_clock.GetTimestamp(), _clock.GetUtcNow());

        _real.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(TimeSpan.FromSeconds(30), _clock.GetElapsedTime(start));
        Assert.Equal(date + TimeSpan.FromSeconds(30), _clock.GetUtcNow());
    }

    [Fact]
    public async Task Delay_OfThisClock_EndsAfterItsShareOfRealTimeAndNeverBefore()
    {
        var start = _clock.GetTimestamp();
        var delay = Task.Delay(TimeSpan.FromSeconds(10), _clock, TestContext.Current.CancellationToken);

        _real.Advance(TimeSpan.FromSeconds(10) / 15);
        Assert.False(delay.IsCompleted);
        _real.Advance(2 * Tick);

        await delay;
        Assert.InRange(_clock.GetElapsedTime(start).TotalSeconds, 10, 10.05);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(7.3)]
    public void CreateTimer_AnyDueTime_HasPassedOnThisClockWhenItFires(double milliseconds)
    {
        var start = _clock.GetTimestamp();
        TimeSpan? fired = null;
        using var timer = _clock.CreateTimer(_ => fired ??= _clock.GetElapsedTime(start), null, TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);

        for (var i = 0; i < 5; i++)
            _real.Advance(Tick);

        Assert.True(fired >= TimeSpan.FromMilliseconds(milliseconds), $"fired after {fired}");
    }

    [Fact]
    public void CreateTimer_Period_IsScaledToo()
    {
        var fired = 0;
        using var timer = _clock.CreateTimer(_ => fired++, null, TimeSpan.Zero, TimeSpan.FromSeconds(1.5));

        for (var i = 0; i < 1000; i++)
            _real.Advance(Tick);

        Assert.Equal(11, fired);
    }

    [Fact]
    public void Change_ScalesAndInfiniteNeverFires()
    {
        var fired = 0;
        using var timer = _clock.CreateTimer(_ => fired++, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _real.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, fired);

        timer.Change(TimeSpan.FromSeconds(15), Timeout.InfiniteTimeSpan);
        _real.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Equal(0, fired);
        _real.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal(1, fired);
    }
}
