using HybridRouter.Learning;
using HybridRouter.Learning.Retraining;
using HybridRouter.Triage;

namespace HybridRouter.UnitTests.Learning.Retraining;

public sealed class TrafficSplitTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_Samples_KeepsTheNewestThreeTenthsFromTraining()
    {
        var split = Of(Samples(100));

        Assert.Equal((70, 30), (split.Training.Count, split.Unseen.Count));
        Assert.True(split.Training.Max(s => s.At) < split.Unseen.Min(s => s.At));
    }

    [Fact]
    public void Of_TheSameMomentOnTheBorder_IsUnseenWhole()
    {
        var samples = Samples(100).ConvertAll(s => s.At >= Start.AddMinutes(60) && s.At < Start.AddMinutes(80) ? s with { At = Start.AddMinutes(60) } : s);

        Assert.Equal((60, 40), (Of(samples).Training.Count, Of(samples).Unseen.Count));
    }

    [Fact]
    public void At_LaterSamples_AreUnseenToo()
    {
        var before = Of(Samples(100)).Before;

        Assert.Equal(80, TrafficSplit.At(Samples(150), before).Unseen.Count);
    }

    [Fact]
    public void Of_OneSample_TrainsOnNothing() => Assert.Empty(Of(Samples(1)).Training);

    [Fact]
    public void Of_AFloodAtTheStart_DoesNotPushTheOthersOut()
    {
        var flood = Enumerable.Range(0, 2000).Select(i => new TrafficSample($"f{i}", Start, "flood", PromptDomain.Code, new SparseFeatures([], []), null, 0.9, 0.01));

        // By number the border would lie within the flood, and nothing before it.
        Assert.InRange(Of([.. flood, .. Samples(100)]).Training.Count(s => s.Caller != "flood"), 50, 70);
    }

    private static TrafficSplit Of(IReadOnlyList<TrafficSample> samples) => TrafficSplit.Of(samples, [.. samples.Select(s => s.Weight)]);

    private static List<TrafficSample> Samples(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new TrafficSample($"r{i}", Start.AddMinutes(i), "a", PromptDomain.Code, new SparseFeatures([], []), null, 0.9, 0.6))];
}
