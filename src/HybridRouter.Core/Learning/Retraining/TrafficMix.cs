using HybridRouter.Triage.Training;

namespace HybridRouter.Learning.Retraining;

/// <summary>Weighs judged traffic so that no caller decides what is learned, however much it sends or says. Pure.</summary>
public static class TrafficMix
{
    private const int Rounds = 200;

    /// <param name="shippedWeight">Of the rows of the data files together; 0 or more.</param>
    /// <returns>A weight for each sample, 0..1. All of a caller's samples are scaled alike.</returns>
    public static double[] Weigh(IReadOnlyList<TrafficSample> samples, TrafficCaps caps, double shippedWeight)
    {
        var own = samples.Select(s => double.IsNaN(s.Weight) ? 0 : Math.Clamp(s.Weight, 0, 1)).ToArray();
        var callers = samples.Select((s, i) => (s.Caller, Weight: own[i]))
            .GroupBy(x => x.Caller, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => g.Sum(x => x.Weight), StringComparer.OrdinalIgnoreCase);
        var cap = CallerCap([.. callers.Values], caps, shippedWeight);
        var capped = callers.Values.Sum(w => Math.Min(w, cap));
        var all = capped > 0 ? Math.Min(1, caps.Ratio * shippedWeight / capped) : 0;
        return [.. samples.Select((s, i) => own[i] * Math.Min(1, cap / Math.Max(callers[s.Caller], double.Epsilon)) * all)];
    }

    /// <summary>Samples as training reads them; those that weigh nothing are left out.</summary>
    public static IReadOnlyList<JudgedVector> ToVectors(IReadOnlyList<TrafficSample> samples, TrafficCaps caps, double shippedWeight) =>
        [.. Weigh(samples, caps, shippedWeight).Zip(samples, ToVector).Where(v => v.Weight > 0)];

    internal static JudgedVector ToVector(double weight, TrafficSample sample) =>
        new(sample.Features.Indices, sample.Features.Values, Math.Clamp(sample.Target, 0, 1), weight) { Embedding = sample.Embedding };

    /// <summary>The largest weight that is at most the share of what is left when every caller is cut to it.</summary>
    private static double CallerCap(IReadOnlyCollection<double> weights, TrafficCaps caps, double shipped)
    {
        if (weights.Count <= 1)
            return caps.CallerWeight * shipped;
        var share = Math.Max(caps.CallerShare, 1.0 / weights.Count);
        var cap = weights.Max();
        // From above, so that it ends at the largest solution; the distance shrinks by a fifth or more each round.
        for (var round = 0; round < Rounds; round++)
            cap = Math.Min(cap, share * weights.Sum(w => Math.Min(w, cap)));
        return Math.Min(Math.Max(cap, caps.CallerFloor * shipped), caps.CallerWeight * shipped);
    }
}
