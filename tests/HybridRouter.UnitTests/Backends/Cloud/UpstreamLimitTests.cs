using HybridRouter.Backends.Cloud;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class UpstreamLimitTests
{
    [Theory]
    [InlineData(6000, 60, 0.01, 5940, 99.0)]
    [InlineData(6000, 10, 0.01, 990, 99.0)]
    [InlineData(10, 60, 0.01, 9, 0.165)]
    [InlineData(1, 60, 0.01, 1, 0.0165)]
    [InlineData(60, 1, 0, 1, 1.0)]
    [InlineData(600, 60, 0.5, 300, 5.0)]
    public void Meter_Margin_IsTakenOffExactly(long limit, double burstSeconds, double margin, long capacity, double perSecond)
    {
        var meter = Limit(limit, burstSeconds, margin).Meter!;

        Assert.Equal((limit, capacity), (meter.Limit, meter.Capacity));
        Assert.Equal(perSecond, meter.PerSecond, 6);
    }

    [Fact]
    public void Tell_Unknown_BecomesAMeter()
    {
        var limit = Limit(null);
        Assert.Null(limit.Meter);

        limit.Tell(500, TimeSpan.Zero);
        Assert.Equal((500, true), (limit.Meter!.Limit, limit.MayRaise));
    }

    [Theory]
    [InlineData(100, 500, 100, false)]
    [InlineData(500, 100, 100, true)]
    [InlineData(500, 500, 500, true)]
    public void Tell_Configured_TheStricterHolds(long configured, long told, long limit, bool mayRaise)
    {
        var meter = Limit(configured);

        meter.Tell(told, TimeSpan.Zero);
        Assert.Equal((limit, mayRaise), (meter.Meter!.Limit, meter.MayRaise));
    }

    [Fact]
    public void Tell_LaterWord_ReplacesTheEarlier()
    {
        var limit = Limit(500);
        limit.Tell(1, TimeSpan.Zero);
        limit.Tell(400, TimeSpan.Zero);

        Assert.Equal(400, limit.Meter!.Limit);
    }

    [Fact]
    public void Tell_SmallerLimit_KeepsWhatWasUsed()
    {
        var limit = Limit(1000);
        limit.Saw(new MeterReading(400, 600, TimeSpan.Zero), TimeSpan.Zero);
        limit.Tell(700, TimeSpan.Zero);

        Assert.Equal(100, limit.Read(TimeSpan.Zero)!.Value.Remaining);
    }

    [Theory]
    [InlineData(1000, 0.01, 990)]
    [InlineData(5, 0.01, 0)]
    public void LessMargin_Remaining_KeepsTheMarginOfWhatTheUpstreamHas(long remaining, double margin, double left)
    {
        var limit = Limit(500, margin: margin);
        limit.Tell(1000, TimeSpan.Zero);

        Assert.Equal(left, limit.LessMargin(remaining));
    }

    [Theory]
    [InlineData(10, 50, 50)]
    [InlineData(10, 5000, 100)]
    [InlineData(100, 5000, 100)]
    [InlineData(1001, 5000, 1001)]
    public void Amount_GuessLargerThanTheLimit_IsCutUnlessTheInputAloneIsTooLarge(long input, long total, long amount) =>
        Assert.Equal(amount, UpstreamLimit.Amount(new Meter("m", MeterKind.Bucket, MeterUnit.Tokens, 1000) { Capacity = 100 }, input, total));

    [Theory]
    [InlineData(500, 499L, 0.12, "minute")]
    [InlineData(500, 0L, 60.0, "minute")]
    [InlineData(30_000, 100L, 360.0, "minute")]
    [InlineData(10_000, 9_999L, 8.64, "day")]
    [InlineData(10_000, 9_000L, 8_640.0, "day")]
    [InlineData(200, 0L, 86_400.0, "day")]
    [InlineData(10_000, 10_000L, null, "minute")]
    [InlineData(10_000, null, null, "minute")]
    public void Match_Requests_TellsAMinuteFromADayByHowFastItRefills(long limit, long? remaining, double? reset, string period)
    {
        var key = CloudKeys.Of("a")[0];
        var reading = new LimitReading(limit, remaining, reset is { } s ? TimeSpan.FromSeconds(s) : null);
        var matched = Assert.Single(key.Match(new UpstreamReadings { Requests = reading }));
        matched.Limit.Tell(limit, TimeSpan.Zero);

        Assert.Equal($"{limit} requests per {period} of key 'a' for 'm'", matched.Limit.Meter!.Label);
    }

    [Fact]
    public void Match_PeriodThatCannotBeTold_IsTheOneOfThatSize()
    {
        var key = CloudKeys.Of(new UpstreamLimitOptions { RequestsPerMinute = 50, RequestsPerDay = 1000 }, new CloudKeyOptions { Name = "a", Key = "k" })[0];

        Assert.Same(key.Limits[2], Assert.Single(key.Match(new UpstreamReadings { Requests = new(1000, 1000, null) })).Limit);
        Assert.Same(key.Limits[0], Assert.Single(key.Match(new UpstreamReadings { Requests = new(50, 50, null) })).Limit);
    }

    private static UpstreamLimit Limit(long? configured, double burstSeconds = 60, double margin = 0) =>
        new("id", MeterUnit.Requests, TimeSpan.FromMinutes(1), configured, burstSeconds / 60, margin, size => $"{size}");
}
