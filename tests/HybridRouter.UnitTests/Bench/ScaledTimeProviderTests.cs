using HybridRouter.Bench;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Bench;

public sealed class ScaledTimeProviderTests : IDisposable
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private readonly FakeTimeProvider _real = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly ScaledTimeProvider _clock;

    public ScaledTimeProviderTests() => _clock = new ScaledTimeProvider(15, _real);

    public void Dispose() => _clock.Dispose();

    [Fact]
    public void TimestampAndDate_RealTimePasses_MoveTogetherAndFaster()
    {
        var (start, date) = (_clock.GetTimestamp(), _clock.GetUtcNow());

        _real.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(TimeSpan.FromSeconds(30), _clock.GetElapsedTime(start));
        Assert.Equal(date + TimeSpan.FromSeconds(30), _clock.GetUtcNow());
    }

    [Fact]
    public void Factor_Changed_TimeGoesOnFromWhereItIs()
    {
        var start = _clock.GetTimestamp();

        _real.Advance(TimeSpan.FromSeconds(2));
        _clock.Factor = 3;
        Assert.Equal(TimeSpan.FromSeconds(30), _clock.GetElapsedTime(start));
        _real.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(TimeSpan.FromSeconds(36), _clock.GetElapsedTime(start));
    }

    [Fact]
    public async Task Delay_OfThisClock_EndsAfterItsShareOfRealTime()
    {
        var delay = Task.Delay(TimeSpan.FromSeconds(15), _clock, TestContext.Current.CancellationToken);

        _real.Advance(TimeSpan.FromSeconds(1) - Millisecond);
        Assert.False(delay.IsCompleted);
        _real.Advance(2 * Millisecond);

        await delay;
    }

    [Theory]
    [InlineData(3)]
    [InlineData(60)]
    public async Task Delay_SpeedChangesMeanwhile_EndsAtTheSameMomentOfThisClock(double factor)
    {
        var start = _clock.GetTimestamp();
        var delay = Task.Delay(TimeSpan.FromSeconds(30), _clock, TestContext.Current.CancellationToken);

        _real.Advance(TimeSpan.FromSeconds(1));
        _clock.Factor = factor;
        _real.Advance(TimeSpan.FromSeconds(15 / factor) - Millisecond);
        Assert.False(delay.IsCompleted);
        _real.Advance(2 * Millisecond);

        await delay;
        Assert.InRange(_clock.GetElapsedTime(start).TotalSeconds, 30, 30 + (0.002 * factor));
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(7.3)]
    [InlineData(47)]
    public async Task CreateTimer_AnyDueTime_HasPassedOnThisClockWhenItFires(double milliseconds)
    {
        var start = _clock.GetTimestamp();
        var fired = new TaskCompletionSource<TimeSpan>();
        await using var timer = _clock.CreateTimer(_ => fired.TrySetResult(_clock.GetElapsedTime(start)), null, TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);

        for (var i = 0; i < 50; i++)
            _real.Advance(0.1 * Millisecond);

        Assert.InRange((await fired.Task).TotalMilliseconds, milliseconds, double.MaxValue);
    }

    [Fact]
    public async Task CreateTimer_SeveralTimers_FireEachWhenDue()
    {
        Task[] delays = [.. ((double[])[9, 3, 6]).Select(s => Task.Delay(TimeSpan.FromSeconds(s), _clock, TestContext.Current.CancellationToken))];

        _real.Advance(TimeSpan.FromSeconds(0.21));
        await delays[1];
        Assert.Equal([false, true, false], delays.Select(d => d.IsCompleted));
        _real.Advance(TimeSpan.FromSeconds(0.2));
        await delays[2];
        Assert.False(delays[0].IsCompleted);
        _real.Advance(TimeSpan.FromSeconds(0.2));

        await delays[0];
    }

    [Fact]
    public async Task CreateTimer_Period_FiresOncePerPeriodOfThisClock()
    {
        using var fired = new SemaphoreSlim(0);
        await using var timer = _clock.CreateTimer(_ => fired.Release(), null, TimeSpan.Zero, TimeSpan.FromSeconds(1.5));

        for (var i = 0; i < 1005; i++)
            _real.Advance(Millisecond);
        for (var i = 0; i < 11; i++)
            await fired.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, fired.CurrentCount);
    }

    [Fact]
    public async Task Change_EarlierMoment_OnlyThatOneFires()
    {
        using var fired = new SemaphoreSlim(0);
        await using var timer = _clock.CreateTimer(_ => fired.Release(), null, TimeSpan.FromSeconds(30), Timeout.InfiniteTimeSpan);

        Assert.True(timer.Change(TimeSpan.FromSeconds(15), Timeout.InfiniteTimeSpan));
        _real.Advance(TimeSpan.FromSeconds(1.1));
        await fired.WaitAsync(TestContext.Current.CancellationToken);
        _real.Advance(TimeSpan.FromSeconds(10));
        await Task.Delay(TimeSpan.FromSeconds(15), _clock, TestContext.Current.CancellationToken).WaitAfter(() => _real.Advance(TimeSpan.FromSeconds(2)));

        Assert.Equal(0, fired.CurrentCount);
    }

    [Fact]
    public async Task Dispose_TimerThatIsSet_NeverFires()
    {
        var fired = false;
        var timer = _clock.CreateTimer(_ => fired = true, null, TimeSpan.FromSeconds(15), Timeout.InfiniteTimeSpan);

        await timer.DisposeAsync();

        Assert.False(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        await Task.Delay(TimeSpan.FromSeconds(30), _clock, TestContext.Current.CancellationToken).WaitAfter(() => _real.Advance(TimeSpan.FromSeconds(3)));
        Assert.False(fired);
    }
}

file static class Waits
{
    public static Task WaitAfter(this Task task, Action act)
    {
        act();
        return task;
    }
}
