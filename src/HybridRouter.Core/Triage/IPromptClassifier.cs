namespace HybridRouter.Triage;

/// <summary>Scores prompts. Implementations are thread-safe and do no I/O.</summary>
public interface IPromptClassifier
{
    /// <summary>Name and version of the model, for headers, logs and metrics.</summary>
    string Version { get; }

    /// <summary>Expected gain of the cloud: chance that a small local model fails on this prompt where a strong model succeeds, 0..1.</summary>
    float Score(TriageInput input);

    /// <summary>The same for a decision at <paramref name="cutoff"/>: what is costly is left out where it would not change the side.</summary>
    float Score(TriageInput input, float cutoff) => Score(input);

    /// <summary>The features that moved the score most, strongest first. Holds feature names, never prompt text.</summary>
    /// <param name="top">How many features at most, 1..50.</param>
    IReadOnlyList<FeatureWeight> Explain(TriageInput input, int top);

    /// <summary>The same of the decision that <see cref="Score(TriageInput, float)"/> makes at that cutoff.</summary>
    IReadOnlyList<FeatureWeight> Explain(TriageInput input, int top, float cutoff) => Explain(input, top);
}

/// <param name="Feature">In words, for example <c>states bounds or constraints</c>.</param>
/// <param name="Weight">Contribution to the log-odds; positive pushes to the cloud.</param>
public sealed record FeatureWeight(string Feature, double Weight);

/// <summary>The outcome of triage. No score means that the classifier is missing or failed, which routes to the cloud.</summary>
/// <param name="Score">0..1, or null.</param>
/// <param name="Cutoff">At or above it a prompt counts as complex.</param>
/// <param name="Failure">Why there is no score, or null.</param>
public sealed record TriageVerdict(float? Score, float Cutoff, string? Failure = null)
{
    /// <summary>Where the cutoff would be if nothing moved it.</summary>
    public float ConfiguredCutoff { get; init; } = Cutoff;

    /// <summary>What moves the cutoff, short and in plain ASCII; null = nothing does.</summary>
    public string? CutoffReason { get; init; }

    public bool IsComplex => Score is not { } score || score >= Cutoff;
}
