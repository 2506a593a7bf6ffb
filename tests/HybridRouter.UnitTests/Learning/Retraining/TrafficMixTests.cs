using HybridRouter.Intake;
using HybridRouter.Learning;
using HybridRouter.Learning.Retraining;
using HybridRouter.Triage;

namespace HybridRouter.UnitTests.Learning.Retraining;

public sealed class TrafficMixTests
{
    private static readonly TrafficCaps Caps = new();

    [Fact]
    public void Weigh_ManyEqualCallers_AreLeftAsTheyAre()
    {
        var weights = TrafficMix.Weigh(Samples(("a", 10, 0.6), ("b", 10, 0.6), ("c", 10, 0.6), ("d", 10, 0.6), ("e", 10, 0.6)), Caps, 1000);

        Assert.All(weights, w => Assert.Equal(0.6, w, 9));
    }

    [Fact]
    public void Weigh_OneCallerWithAHundredTimesTheVolume_WeighsNoMoreThanItsShare()
    {
        var samples = Samples(("flood", 10_000, 1), ("a", 100, 1), ("b", 100, 1), ("c", 100, 1), ("d", 100, 1), ("e", 100, 1));

        var (flood, all) = Of(samples, "flood", 1000);

        Assert.Equal(0.2, flood / all, 6);
        Assert.True(flood <= 0.2 * 1000);
    }

    [Fact]
    public void Weigh_AnotherSpellingOfACaller_IsTheSameCaller() =>
        Assert.Equal(200, TrafficMix.Weigh(Samples(("Bob", 500, 1), ("bob", 500, 1)), Caps, 1000).Sum(), 6);

    [Fact]
    public void Weigh_AnOnlyCaller_IsHeldByTheAbsoluteCap() =>
        Assert.Equal(200, TrafficMix.Weigh(Samples(("", 5000, 1)), Caps, 1000).Sum(), 6);

    [Fact]
    public void Weigh_FewCallers_ShareEqually_ButNeverLessThanTheFloor()
    {
        var samples = Samples(("busy", 300, 1), ("steady", 200, 1), ("quiet", 2, 0.1));

        Assert.Equal(20, Of(samples, "busy", 1000).Own, 6);
        Assert.Equal(20, Of(samples, "steady", 1000).Own, 6);
        Assert.Equal(0.2, Of(samples, "quiet", 1000).Own, 6);
    }

    [Fact]
    public void Weigh_MoreTrafficThanData_IsScaledToTheData()
    {
        var samples = Samples([.. Enumerable.Range(0, 20).Select(c => ($"c{c}", 50, 1.0))]);

        Assert.Equal(300, TrafficMix.Weigh(samples, Caps, 300).Sum(), 6);
        Assert.Equal(150, TrafficMix.Weigh(samples, Caps with { Ratio = 0.5 }, 300).Sum(), 6);
    }

    [Theory]
    [InlineData(7, 1)]
    [InlineData(double.NaN, 0)]
    [InlineData(-1, 0)]
    public void Weigh_WeightsOutOfRange_ArePutIntoIt(double given, double expected) =>
        Assert.Equal(expected, TrafficMix.Weigh(Samples(("a", 1, given)), Caps, 1000)[0]);

    [Fact]
    public void Weigh_NoSamples_IsEmpty() => Assert.Empty(TrafficMix.Weigh([], Caps, 1000));

    [Fact]
    public void Owner_UsersThatRequestsNamed_AreAllTheKeyTheyCameWith()
    {
        var rig = Enumerable.Range(0, 50).Select(i => new TrafficRow(
            new TrafficObservation
            {
                RequestId = $"r{i}",
                At = default,
                EndedAt = default,
                Caller = new CallerIdentity("one-key"),
                EndUser = $"puppet-{i}",
                Triage = TriageInput.FromPrompt("x"),
                Route = HybridRouter.Backends.RouteKind.Local,
                Model = "small",
                Outcome = TrafficOutcome.Ok,
            }, null, null, null, []));

        Assert.Equal(["one-key"], rig.Select(r => r.Owner).Distinct());
    }

    private static (double Own, double All) Of(IReadOnlyList<TrafficSample> samples, string caller, double shipped)
    {
        var weights = TrafficMix.Weigh(samples, Caps, shipped);
        return (samples.Zip(weights).Where(x => x.First.Caller == caller).Sum(x => x.Second), weights.Sum());
    }

    private static List<TrafficSample> Samples(params (string Caller, int Count, double Weight)[] callers) =>
        [.. callers.SelectMany(c => Enumerable.Range(0, c.Count).Select(i => new TrafficSample($"{c.Caller}-{i}", default, c.Caller, PromptDomain.Code, new SparseFeatures([], []), 0.5f, 0.9, c.Weight)))];
}
