namespace HybridRouter.Learning.Gate;

/// <summary>What the gate judges by: the scores of both models on the same prompts.</summary>
/// <param name="Holdout">Rows of the frozen hold-out.</param>
/// <param name="Traffic">Judged requests that neither training of the candidate has seen.</param>
/// <param name="OnlyCaller">The installation has but one caller.</param>
/// <param name="CrossValidated">AUC on the rows of the training data, each scored by models that had not seen it: without the traffic, and with it.</param>
/// <param name="Tries">Candidates judged since the model in force came, this one included; at least 1.</param>
public sealed record GateInput(
    IReadOnlyList<HoldoutScore> Holdout, IReadOnlyList<TrafficScore> Traffic, float CurrentCutoff, float CandidateCutoff, bool OnlyCaller, PairedFigure? CrossValidated, int Tries = 1);

/// <param name="High">Labelled as one for the cloud.</param>
public readonly record struct HoldoutScore(bool High, float Current, float Candidate);

/// <param name="Target">Judged chance that a local model fails, 0..1.</param>
/// <param name="Weight">Trust in the judgement, after the caps, 0..1.</param>
public readonly record struct TrafficScore(double Target, double Weight, string Caller, float Current, float Candidate)
{
    public bool Failed => Target > 0.5;

    /// <summary>A judgement of one half says nothing, one of 0 or 1 all it can.</summary>
    public double Voice => Weight * Math.Abs((2 * Target) - 1);
}

/// <summary>What a candidate must show. The defaults are the product's; tests of the rule itself narrow them.</summary>
public sealed record GateOptions
{
    /// <summary>Judged requests that are needed at least.</summary>
    public int MinJudged { get; init; } = 100;

    /// <summary>Of those at least this many that failed, and as many that did not.</summary>
    public int MinOfEachSort { get; init; } = 20;

    /// <summary>Distinct callers among them, unless there is only one.</summary>
    public int MinCallers { get; init; } = 3;

    /// <summary>Loss of AUC on the rows of the training data, cross-validated, that must be excluded; and most that is measured on the hold-out.</summary>
    public double AucTolerance { get; init; } = 0.01;

    /// <summary>Loss of AUC on the hold-out that must be excluded. Some hundred rows cannot exclude less: their interval alone is 0.02 wide.</summary>
    public double HoldoutTolerance { get; init; } = 0.03;

    /// <summary>Rise of the false-local rate on the hold-out that is let pass.</summary>
    public double FalseLocalTolerance { get; init; } = 0.03;
}
