using HybridRouter.Triage;

namespace HybridRouter.Learning;

/// <summary>One prompt of the user's own traffic that somebody or something judged, as training reads it: numbers, no text.</summary>
/// <param name="RequestId">The id that the client was given in <c>x-hybridrouter-request-id</c>.</param>
/// <param name="Caller">Whose weight is capped: name of the client key, or of its user; empty without keys.</param>
/// <param name="Features">The vector of the layout that <see cref="TrafficQuery.FeatureSchema"/> names.</param>
/// <param name="Score">What the model in force gave it, 0..1; null = it was not scored.</param>
/// <param name="Target">Judged chance that a local model fails on it, 0..1.</param>
/// <param name="Weight">How far the judgement is to be trusted beside a row that a person labelled, above 0 and at most 1; before the caps per caller.</param>
public sealed record TrafficSample(
    string RequestId, DateTimeOffset At, string Caller, PromptDomain Domain, SparseFeatures Features, float? Score, double Target, double Weight)
{
    /// <summary>What the second opinion reads beside <see cref="Features"/>; null where the encoder asked for did not make it.</summary>
    public float[]? Embedding { get; init; }
}

/// <summary>A sparse vector: indices in rising order and their values.</summary>
public sealed record SparseFeatures(int[] Indices, float[] Values);

/// <param name="FeatureSchema">Only samples of this layout; others cannot be compared.</param>
public sealed record TrafficQuery(PromptDomain Domain, string FeatureSchema)
{
    /// <summary>Version of the encoder whose embeddings are wanted; null = none.</summary>
    public string? Encoder { get; init; }

    /// <summary>Only samples of that moment or later; null = all that is kept.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>Where training and the gate read judged traffic.</summary>
public interface ITrafficSamples
{
    /// <summary>Oldest first.</summary>
    IReadOnlyList<TrafficSample> Read(TrafficQuery query);
}
