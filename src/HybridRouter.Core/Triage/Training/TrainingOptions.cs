namespace HybridRouter.Triage.Training;

/// <summary>How a model is fitted. The defaults made the shipped model.</summary>
public sealed record TrainingOptions
{
    /// <summary>The options that made the shipped model of a domain.</summary>
    public static TrainingOptions For(PromptDomain domain) =>
        domain == PromptDomain.Code ? new() : new() { Domain = domain, Name = "video-1", KindPriors = new Dictionary<string, double>(), LengthTilt = 0, BothFail = 0 };

    public PromptDomain Domain { get; init; }

    /// <summary>Starts the version, which ends in digits of the weights.</summary>
    public string Name { get; init; } = "code-2";

    /// <summary>Fixes fold assignment; the same data and options give the same weights.</summary>
    public int Seed { get; init; } = 20261123;

    /// <summary>Ridge penalty, above 0.</summary>
    public float L2 { get; init; } = 1.3f;

    /// <summary>Folds of the cross-validation that picks the cutoff and tests calibration, 2..20.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Cutoff of the model that this one is to replace, 0..1: the new one lies at most <see cref="CutoffRule.MaxStep"/> from it. Null = free.</summary>
    public float? ReplacedCutoff { get; init; }

    /// <summary>0 trusts the label alone, 1 the judged difficulty alone: a row counts as high with that blended weight.</summary>
    public double Softness { get; init; } = 1;

    /// <summary>
    /// What a rewriting of a row by <see cref="Evaluation.TriageAttacks.Development"/> weighs beside the row, so that words around a prompt
    /// which do not change what is asked come to weigh little; 0 = no such rows.
    /// </summary>
    public double AttackWeight { get; init; } = 0.4;

    /// <summary>Rewritings of each row, 0..10.</summary>
    public int AttackedCopies { get; init; } = 1;

    /// <summary>Adds the sentence embedding to what is learned from; null = without.</summary>
    public Embedding.ISentenceEncoder? Encoder { get; init; }

    /// <summary>
    /// See <see cref="GainCurve.BothFail"/>; 0 = the score is the chance that a small model fails. Chosen where measured outcomes show
    /// both a good order of failures and a good order of gains; the judged rows alone would give .39.
    /// </summary>
    public double BothFail { get; init; } = 0.37;

    /// <summary>The part of the vector that is learned from; null = all. For ablations: what was left out weighs nothing.</summary>
    internal Func<int, bool>? Keeps { get; init; }

    /// <summary>
    /// The data is written so that length tells nothing; in real work longer asks of a kind are somewhat harder. Log-odds of high that
    /// one standard deviation of log-length within a kind is weighted to add; 0 = as the data stands.
    /// </summary>
    public double LengthTilt { get; init; } = 0.3;

    /// <summary>Share of high rows that each kind is weighted to, where it is known from how small models fare on that kind of work.</summary>
    public IReadOnlyDictionary<string, double> KindPriors { get; init; } = new Dictionary<string, double>
    {
        ["contest"] = 0.75,
        ["interview"] = 0.65,
        ["snippet"] = 0.20,
        ["stub"] = 0.25,
        ["task"] = 0.25,
    };
}
