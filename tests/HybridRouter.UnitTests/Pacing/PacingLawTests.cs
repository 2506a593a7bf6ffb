using HybridRouter.Configuration;
using HybridRouter.Pacing;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Pacing;

public sealed class PacingLawTests
{
    private static readonly PacingRule Rule = PacingRule.From(new PacingOptions { MinCutoff = 0 }, 0.5f, priced: false);

    /// <summary>A bucket of 6,000 tokens that refills 100 a second; half of a patience of 30 s is used: 1,500 tokens may wait.</summary>
    [Theory]
    [InlineData(6000, 0, 400)] // full
    [InlineData(3150, 0, 250)]
    [InlineData(300, 0, 100)] // the calm range
    [InlineData(0, 0, 100)]
    [InlineData(-750, 0, 50)]
    [InlineData(0, 750, 50)] // what waits is as good as taken
    [InlineData(0, 1500, 0)]
    [InlineData(-5000, 0, 0)]
    public void BucketRate_Level_FallsFromFourTimesTheRefillToNothing(double remaining, double queued, double expected) =>
        Assert.Equal(expected, PacingLaw.BucketRate(Bucket(remaining), queued, TimeSpan.FromSeconds(30)), 6);

    [Theory]
    [InlineData(1500, 100)] // nobody may wait, so a fifth is kept for bursts
    [InlineData(1200, 100)]
    [InlineData(600, 50)]
    [InlineData(0, 0)]
    public void BucketRate_NobodyWaits_KeepsAStock(double remaining, double expected) =>
        Assert.Equal(expected, PacingLaw.BucketRate(Bucket(remaining), 0, TimeSpan.Zero), 6);

    [Fact]
    public void BucketRate_AnyBucket_NeverFallsAsTheLevelRises()
    {
        foreach (var capacity in new double[] { 100, 1000, 6000, 1e6 })
        {
            foreach (var patience in new double[] { 0, 1, 30, 3600 })
            {
                var before = 0.0;
                for (var level = -100 * 60.0; level <= capacity; level += capacity / 50)
                {
                    var rate = PacingLaw.BucketRate(new QuotaLine(MeterUnit.Tokens, level, capacity, 100, default), 0, TimeSpan.FromSeconds(patience));
                    Assert.InRange(rate, before, 400);
                    before = rate;
                }
            }
        }
    }

    [Fact]
    public void BucketRate_LimitOfZero_GivesNothing() => Assert.Equal(0, PacingLaw.BucketRate(new QuotaLine(MeterUnit.Tokens, 0, 0, 0, default), 0, TimeSpan.Zero));

    [Theory]
    [InlineData(7200, 0, 3600, 2)]
    [InlineData(7200, 3600, 3600, 1)]
    [InlineData(-5, 0, 3600, 0)]
    [InlineData(100, 0, 1, 10)] // the last moment of a window is not a flood
    public void WindowRate_WhatIsLeft_OverTheTime(double remaining, double queued, double seconds, double expected) =>
        Assert.Equal(expected, PacingLaw.WindowRate(new QuotaLine(MeterUnit.Tokens, remaining, 10_000, 0, TimeSpan.FromSeconds(seconds)), queued, seconds), 6);

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(2, 0.75)]
    public void Solve_Replicas_DivideTheBudget(int replicas, double price) =>
        Assert.Equal(price, Assert.Single(Solve(Evenly(), Outlook(Refill(Rate(Evenly()) / 2)), replicas)).Price, 2);

    [Fact]
    public void Solve_TrafficThatGoesAnyway_LeavesLess()
    {
        var demand = Evenly();
        var free = Assert.Single(Solve(demand, Outlook(Refill(Rate(demand) / 2))));
        demand.AddAnyway(new ExpectedUse(100 * 25));
        var line = Assert.Single(Solve(demand, Outlook(Refill(Rate(demand) / 2))));

        Assert.Equal(0.5, free.Price, 2);
        Assert.Equal(0.75, line.Price, 2);
        Assert.Equal(1.25, line.Demand / free.Demand, 3);
    }

    [Fact]
    public void Solve_SeveralLines_EachUnitHasItsPrice()
    {
        var demand = Evenly();
        var lines = Solve(demand, Outlook(
            Refill(Rate(demand) / 2),
            new QuotaLine(MeterUnit.Tokens, 1e12, 1e12, 0, TimeSpan.FromHours(1)),
            new QuotaLine(MeterUnit.Requests, 0, 300, demand.PerSecond(false) / 4, default),
            new QuotaLine(MeterUnit.Slots, 0, 10, 0, default)));

        Assert.Equal([(MeterUnit.Requests, 0.75), (MeterUnit.Tokens, 0.5)], lines.Select(l => (l.Unit, Math.Round(l.Price, 2))));
    }

    [Fact]
    public void Solve_ModelThatTakesTheRest_AddsItsBudget()
    {
        var demand = Evenly();
        QuotaOutlook first = Outlook(Refill(Rate(demand) / 4)), second = Outlook(Refill(Rate(demand) / 2));

        Assert.Equal(0.25, Assert.Single(PacingLaw.Solve(demand, [first, second], Situation(1))).Price, 2);
    }

    [Fact]
    public void Solve_ModelThatTakesTheRestWithoutSuchALimit_NoPrice() =>
        Assert.Empty(PacingLaw.Solve(Evenly(), [Outlook(Bucket(0)), Outlook(new QuotaLine(MeterUnit.Slots, 0, 1, 0, default))], Situation(1)));

    [Fact]
    public void Solve_WhatWaits_CountsInOtherUnitsToo()
    {
        // 50 requests of 100 tokens wait; their bucket allows no more waiting than 10 s of 5 requests.
        var line = Assert.Single(Solve(Evenly(), new QuotaOutlook([new QuotaLine(MeterUnit.Requests, 0, 300, 5, default)], QueuedTokens: 50 * 100), patience: 20));

        Assert.Equal(0, line.Budget, 6);
        Assert.Equal(Demand.HighestPrice, line.Price);
    }

    [Fact]
    public void Knows_OnlyWhereAllTell()
    {
        Assert.True(PacingLaw.Knows([Outlook(Bucket(0))]));
        Assert.False(PacingLaw.Knows([]));
        Assert.False(PacingLaw.Knows([null]));
        Assert.False(PacingLaw.Knows([QuotaOutlook.Unlimited]));
        Assert.False(PacingLaw.Knows([Outlook(new QuotaLine(MeterUnit.Slots, 1, 1, 0, default))]));
        Assert.False(PacingLaw.Knows([Outlook(Bucket(0)), null]));
    }

    /// <summary>A hundred requests of 100 tokens, their scores spread evenly over 0..1.</summary>
    private static Demand Evenly()
    {
        var demand = new Demand();
        for (var i = 0; i < 100; i++)
            demand.Add((i + 0.5f) / 100, new ExpectedUse(100), RelativeSize.Usual, Rule, blur: 0);
        return demand;
    }

    private static double Rate(Demand demand) => demand.PerSecond(overLong: false) * demand.Usual(MeterUnit.Tokens);

    private static QuotaLine Bucket(double remaining) => new(MeterUnit.Tokens, remaining, 6000, 100, default);

    /// <summary>A bucket of a minute at the level where just the refill is spent.</summary>
    private static QuotaLine Refill(double perSecond) => new(MeterUnit.Tokens, 0, 60 * perSecond, perSecond, default);

    private static QuotaOutlook Outlook(params QuotaLine[] lines) => new(lines);

    private static PacingSituation Situation(int replicas, double patience = 30) => new(replicas, TimeSpan.FromSeconds(patience), d => d.TotalSeconds);

    private static PacedLine[] Solve(Demand demand, QuotaOutlook outlook, int replicas = 1, double patience = 30) =>
        PacingLaw.Solve(demand, [outlook], Situation(replicas, patience));
}
