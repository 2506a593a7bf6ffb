using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class KeyOrderTests
{
    [Fact]
    public void Offer_RoundRobin_TakesTurns()
    {
        var order = new KeyOrder(KeyStrategy.RoundRobin, CloudKeys.Of("a", "b", "c"));

        Assert.Equal("abcabc", Take(order, 6));
    }

    [Fact]
    public void Offer_RoundRobin_EveryKeyIsOfferedInTurn()
    {
        var order = new KeyOrder(KeyStrategy.RoundRobin, CloudKeys.Of("a", "b", "c"));
        Take(order, 1);

        Assert.Equal("bca", Names(order.Offer(TimeSpan.Zero)));
    }

    [Fact]
    public void Offer_Weighted_SharesByWeightWithoutRuns()
    {
        var keys = CloudKeys.Of(new UpstreamLimitOptions(), new() { Name = "a", Key = "1", Weight = 5 }, new() { Name = "b", Key = "2" }, new() { Name = "c", Key = "3" });
        var taken = Take(new KeyOrder(KeyStrategy.Weighted, keys), 70);

        Assert.Equal((50, 10, 10), (taken.Count(c => c == 'a'), taken.Count(c => c == 'b'), taken.Count(c => c == 'c')));
        Assert.DoesNotContain("bb", taken);
        Assert.DoesNotContain("aaaaaa", taken);
    }

    [Fact]
    public void Offer_WeightedKeyThatHadNoRoom_DoesNotMakeUpForItInOneGo()
    {
        var keys = CloudKeys.Of(new UpstreamLimitOptions(), new() { Name = "a", Key = "1", Weight = 5 }, new() { Name = "b", Key = "2", Weight = 5 });
        var order = new KeyOrder(KeyStrategy.Weighted, keys);
        for (var i = 0; i < 1000; i++)
            order.Took(keys[1]);

        Assert.InRange(Take(order, 20).Count(c => c == 'a'), 10, 12);
    }

    [Fact]
    public void Offer_SoonestReset_BeginsWithTheQuotaThatIsLostFirst()
    {
        var keys = CloudKeys.Of(new UpstreamLimitOptions { RequestsPerMinute = 60, RequestsPerDay = 1000 }, new() { Name = "a", Key = "1" }, new() { Name = "b", Key = "2" }, new() { Name = "c", Key = "3" });
        void Left(int key, double minute, double day)
        {
            keys[key].Limits[0].Saw(new MeterReading(minute, 0, TimeSpan.Zero), TimeSpan.Zero);
            keys[key].Limits[2].Saw(new MeterReading(day, 0, TimeSpan.Zero), TimeSpan.Zero);
        }
        Left(0, minute: 0, day: 0);
        Left(1, minute: 30, day: 0);
        Left(2, minute: 50, day: 0);

        Assert.Equal("cba", Names(new KeyOrder(KeyStrategy.SoonestReset, keys).Offer(TimeSpan.Zero)));
    }

    [Fact]
    public void Offer_InTurn_WhateverTheStrategy()
    {
        var keys = CloudKeys.Of(new UpstreamLimitOptions(), new() { Name = "a", Key = "1", Weight = 100 }, new() { Name = "b", Key = "2" });
        var order = new KeyOrder(KeyStrategy.Weighted, keys);
        order.Took(keys[0]);

        Assert.Equal("ba", Names(order.Offer(TimeSpan.Zero, inTurn: true)));
    }

    private static string Take(KeyOrder order, int times) => string.Concat(Enumerable.Range(0, times).Select(_ =>
    {
        var first = order.Offer(TimeSpan.Zero)[0];
        order.Took(first);
        return first.Key.Name;
    }));

    private static string Names(KeyModel[] keys) => string.Concat(keys.Select(k => k.Key.Name));
}
