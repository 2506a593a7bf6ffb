using HybridRouter.Callers.Estimates;

namespace HybridRouter.UnitTests.Callers.Estimates;

public sealed class DecayingHistogramTests
{
    private static DecayingHistogram Create() => new(1, 1_000_000, Math.Pow(2, 0.25), 512);

    [Fact]
    public void Value_NothingSeen_IsTheStart() => Assert.Equal(512, Create().Value);

    [Fact]
    public void Value_MoreThanTheStart_IsFollowedAtOnce()
    {
        var seen = Create();
        seen.Add(4096);

        Assert.Equal(4096, seen.Value, 0.001);
    }

    [Fact]
    public void Value_LessThanTheStart_IsFollowedWhenThereIsEnoughOfIt()
    {
        var seen = Create();
        for (var i = 0; i < 50; i++)
            seen.Add(64);
        Assert.Equal(512, seen.Value, 0.001);
        for (var i = 0; i < 50; i++)
            seen.Add(64);

        Assert.Equal(64, seen.Value, 0.001);
    }

    [Fact]
    public void Value_ManySeen_IsTheirNinetyFifthPercentile()
    {
        var seen = Create();
        var random = new Random(7);
        for (var i = 0; i < 400; i++)
            seen.Add(random.Next(1, 10_001));

        Assert.InRange(seen.Value, 9000, 9500 * Math.Pow(2, 0.25) * 1.03);
    }

    [Fact]
    public void Value_WhatChanges_IsForgotten()
    {
        var seen = Create();
        for (var i = 0; i < 5000; i++)
            seen.Add(10_000);
        for (var i = 0; i < 3000; i++)
            seen.Add(100);

        Assert.InRange(seen.Value, 100, 100 * Math.Pow(2, 0.25));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-5, 1)]
    [InlineData(1e18, 1_048_576)]
    public void Value_OutOfBounds_IsTheBound(double value, double expected)
    {
        var seen = Create();
        for (var i = 0; i < 1000; i++)
            seen.Add(value);

        Assert.Equal(expected, seen.Value, 0.001);
    }

    [Fact]
    public void Add_FromManyThreads_LosesNothing()
    {
        var seen = Create();
        Parallel.For(0, 400, i => seen.Add(i % 10 == 0 ? 8192 : 16));

        Assert.Equal(8192, seen.Value, 0.001);
    }
}
