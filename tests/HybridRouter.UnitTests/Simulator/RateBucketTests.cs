using HybridRouter.Simulator.Limits;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Simulator;

public sealed class RateBucketTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Take_ThenTimePasses_RefillsContinuouslyUpToTheLimit()
    {
        var bucket = Bucket(60);
        bucket.Take(60);
        Assert.Equal(0, bucket.Remaining);
        Assert.Equal(TimeSpan.FromMinutes(1), bucket.Reset);

        _clock.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(1, bucket.Remaining);
        Assert.True(bucket.Covers(1));
        Assert.False(bucket.Covers(2));
        Assert.Equal(0.5, bucket.WaitFor(2).TotalSeconds, 6);

        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(60, bucket.Remaining);
        Assert.Equal(TimeSpan.Zero, bucket.Reset);
    }

    [Fact]
    public void Covers_AfterTheToldWait_IsTrueForAnyLimit()
    {
        for (var limit = 1; limit <= 500; limit++)
        {
            var bucket = Bucket(limit);
            bucket.Take(limit);
            _clock.Advance(TimeSpan.FromTicks(limit * 7919));
            _clock.Advance(TimeSpan.FromMilliseconds(Math.Ceiling(bucket.WaitFor(1).TotalMilliseconds)));
            Assert.True(bucket.Covers(1), $"limit {limit}");
        }
    }

    [Fact]
    public void Take_MoreThanThereIs_LeavesADebtThatIsPaidFirst()
    {
        var bucket = Bucket(60);
        bucket.Take(90);

        Assert.Equal(0, bucket.Remaining);
        Assert.Equal(31, bucket.WaitFor(1).TotalSeconds, 6);
    }

    [Fact]
    public void GiveBack_MoreThanWasTaken_StopsAtTheLimit()
    {
        var bucket = Bucket(60);
        bucket.Take(5);
        bucket.GiveBack(50);

        Assert.Equal(60, bucket.Remaining);
    }

    [Fact]
    public void Burst_ASecondOfAMinute_AllowsOneSixtieth()
    {
        var bucket = new RateBucket(120, TimeSpan.FromMinutes(1), 1 / 60.0, _clock);

        Assert.Equal(2, bucket.Remaining);
        Assert.False(bucket.CanEverCover(3));
        bucket.Take(2);
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(1, bucket.Remaining);
    }

    private RateBucket Bucket(long limit) => new(limit, TimeSpan.FromMinutes(1), 1, _clock);
}
