namespace HybridRouter.Learning;

/// <summary>What can be known of an answer, one value of each kind per request. The numbers are stored.</summary>
public enum TrafficSignal
{
    /// <summary>Tests or a person's check: 1 passed, 0 failed.</summary>
    Outcome = 1,

    /// <summary>The caller's judgement: 1 best, 0 worst.</summary>
    Rating = 2,

    /// <summary>A stronger judge's chance that a local model fails, 0..1.</summary>
    Teacher = 3,

    /// <summary>Findings of a check of the local draft, at least 1.</summary>
    Draft = 4,

    /// <summary>Asked again of the cloud; 1.</summary>
    Escalation = 5,

    /// <summary>The same request again in the same session; 1.</summary>
    Regenerate = 6,

    /// <summary>The same question again; 1.</summary>
    Repeat = 7,

    /// <summary>The client left in the middle of the answer; 1.</summary>
    Cancelled = 8,
}

/// <summary>What a caller says of an answer. At least one of both is there.</summary>
/// <param name="Rating">0 worst, 1 best; null = not rated.</param>
/// <param name="Passed">Whether the answer did its work; null = not told.</param>
public sealed record Feedback(double? Rating, bool? Passed)
{
    internal IEnumerable<(TrafficSignal Kind, double Value)> Signals()
    {
        if (Rating is { } rating)
            yield return (TrafficSignal.Rating, rating);
        if (Passed is { } passed)
            yield return (TrafficSignal.Outcome, passed ? 1 : 0);
    }
}
