using HybridRouter.Backends;

namespace HybridRouter.Learning;

/// <param name="Target">Chance that a local model fails, 0..1.</param>
/// <param name="Weight">Trust beside a row that a person labelled, above 0 and at most 1.</param>
public readonly record struct TrafficLabel(double Target, double Weight);

/// <summary>
/// What the signals of one request say about local models. Pure. The strongest kind decides alone: an outcome, then a rating,
/// a teacher, a finding in the draft, and what the client did. The table and its reasons are in <c>docs/learning.md</c>.
/// </summary>
public static class TrafficLabels
{
    /// <param name="route">Who answered.</param>
    /// <param name="outcome">How the answer ended.</param>
    /// <returns>Null when nothing is known, as of most requests: silence is no praise.</returns>
    public static TrafficLabel? Judge(RouteKind route, TrafficOutcome outcome, IReadOnlyDictionary<TrafficSignal, double> signals)
    {
        // What became of a cloud answer tells nothing of the local model: praise does not say that it would have failed, nor
        // blame that it would have done. Neither does an answer that an engine or a network broke.
        var local = route == RouteKind.Local && outcome is TrafficOutcome.Ok or TrafficOutcome.Cancelled;
        if (local && signals.TryGetValue(TrafficSignal.Outcome, out var passed))
            return new(passed > 0.5 ? 0.03 : 0.97, 0.9);
        if (local && signals.TryGetValue(TrafficSignal.Rating, out var rating) && FromRating(rating) is { } rated)
            return rated;
        if (signals.TryGetValue(TrafficSignal.Teacher, out var target))
            return new(target, 0.5);
        // The draft was the local model's, whoever answered in the end.
        if (signals.ContainsKey(TrafficSignal.Draft))
            return new(0.85, 0.4);
        return local ? FromBehaviour(signals) : null;
    }

    /// <summary>The middle of the scale says nothing; towards its ends a rating says more.</summary>
    private static TrafficLabel? FromRating(double rating)
    {
        var weight = 0.6 * Math.Abs((2 * rating) - 1);
        return weight > 0 ? new(0.9 - (0.8 * rating), weight) : null;
    }

    private static TrafficLabel? FromBehaviour(IReadOnlyDictionary<TrafficSignal, double> signals) =>
        signals.ContainsKey(TrafficSignal.Escalation) ? new(0.85, 0.35)
        : signals.ContainsKey(TrafficSignal.Regenerate) ? new(0.7, 0.2)
        : signals.ContainsKey(TrafficSignal.Repeat) ? new(0.65, 0.15)
        : signals.ContainsKey(TrafficSignal.Cancelled) ? new(0.6, 0.1)
        : null;
}
