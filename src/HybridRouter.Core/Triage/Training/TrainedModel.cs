using HybridRouter.Triage.Data;
using Microsoft.ML;

namespace HybridRouter.Triage.Training;

/// <summary>An ML.NET model and the weights that were read out of it.</summary>
public sealed record FittedModel(ITransformer Transformer, LinearModel Linear);

/// <summary>The outcome of training, before it is written to a folder.</summary>
/// <param name="Text">The judge that reads the text alone.</param>
/// <param name="Rows">The labelled rows it was fitted on.</param>
/// <param name="CrossValidated">For each of <paramref name="Rows"/>, the score of a model that had not seen the row.</param>
/// <param name="Cutoff">At or above it a prompt is complex; chosen on <paramref name="CrossValidated"/>.</param>
/// <param name="Gain">From the chance of failure to the score.</param>
public sealed record TrainedModel(
    FittedModel Text,
    IReadOnlyList<DatasetRow> Rows,
    IReadOnlyList<float> CrossValidated,
    float Cutoff,
    GainCurve Gain,
    TrainingOptions Options)
{
    /// <summary>Judged prompts that it was fitted on beside <see cref="Rows"/>, with the weight they had.</summary>
    public IReadOnlyList<JudgedVector> Traffic { get; init; } = [];

    /// <summary>How scores and named features lay in what it was fitted on; null = not kept.</summary>
    public Drift.DriftReference? Drift { get; init; }

    /// <summary>The judge that also knows the sentence embedding; null when trained without an encoder.</summary>
    public FittedModel? Refined { get; init; }

    /// <summary>See <see cref="ModelMetadata.Band"/>.</summary>
    public float Band { get; init; }

    public LinearModel Linear => Text.Linear;

    public MlPromptClassifier ToClassifier(string version) => new(Linear, version, Cutoff, Gain, Options.Domain)
    {
        Refinement = Refined is { } refined && Options.Encoder is { } encoder ? new Refinement(refined.Linear, encoder, Band) : null,
    };
}
