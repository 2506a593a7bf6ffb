using HybridRouter.Triage.Data;
using Microsoft.ML;

namespace HybridRouter.Triage.Training;

/// <summary>The outcome of training, before it is written to a folder.</summary>
/// <param name="Rows">The labelled rows it was fitted on.</param>
/// <param name="Gain">From the chance of failure to the score.</param>
/// <param name="CrossValidated">For each of <paramref name="Rows"/>, the score of a model that had not seen the row.</param>
/// <param name="Cutoff">At or above it a prompt is complex; chosen on <paramref name="CrossValidated"/>.</param>
public sealed record TrainedModel(
    ITransformer Transformer,
    LinearModel Linear,
    IReadOnlyList<DatasetRow> Rows,
    IReadOnlyList<float> CrossValidated,
    float Cutoff,
    GainCurve Gain,
    TrainingOptions Options)
{
    public MlPromptClassifier ToClassifier(string version) => new(Linear, version, Cutoff, Gain, Options.Domain);
}
