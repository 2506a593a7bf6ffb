using HybridRouter.Embedding;
using HybridRouter.Triage.Features;
using HybridRouter.Triage.Training;
using Microsoft.ML;

namespace HybridRouter.Triage;

/// <summary>
/// The ML.NET logistic regression as a judge: bounded features, one sparse dot product. Thread-safe; after the first
/// prompt on a thread nothing is allocated per prompt.
/// </summary>
public sealed class MlPromptClassifier : IPromptClassifier, IDisposable
{
    /// <summary>The ML.NET model inside a model folder.</summary>
    public const string ModelFileName = "model.zip";

    /// <summary>The same with the sentence embedding.</summary>
    public const string RefinedFileName = "model-embedding.zip";

    private readonly ThreadLocal<FeatureBuffer> _buffers;
    private readonly LinearModel _model;
    private readonly GainCurve _gain;

    internal MlPromptClassifier(LinearModel model, string version, float cutoff, GainCurve gain = default, PromptDomain domain = PromptDomain.Code)
    {
        _buffers = new ThreadLocal<FeatureBuffer>(() => new FeatureBuffer(domain));
        Domain = domain;
        (_model, _gain) = (model, gain);
        Version = version;
        Cutoff = cutoff;
    }

    public string Version { get; }

    public PromptDomain Domain { get; }

    /// <summary>The cutoff stored with the model, 0..1.</summary>
    public float Cutoff { get; }

    internal Refinement? Refinement { get; init; }

    /// <summary>Loads <c>model.zip</c> and <c>metadata.json</c>, and <see cref="RefinedFileName"/> when there is an encoder for it.</summary>
    /// <param name="encoder">Makes the embedding that the second opinion reads; null = the text alone is judged.</param>
    /// <exception cref="ModelLoadException">A file is missing, damaged or made for another feature layout.</exception>
    public static MlPromptClassifier Load(string folder, ISentenceEncoder? encoder = null)
    {
        var metadata = ModelMetadata.Read(folder);
        if (metadata.FeatureSchema != FeatureSchema.Hash)
            throw new ModelLoadException(
                $"the model in {folder} was trained on feature layout {metadata.FeatureSchema}, this program has {FeatureSchema.Hash}: run `train` again");
        var text = Read(Path.Combine(folder, ModelFileName), FeatureSchema.Dimension, metadata.WeightsHash);
        return new MlPromptClassifier(text, metadata.Version, metadata.Cutoff, new GainCurve(metadata.BothFail), metadata.Domain)
        {
            Refinement = metadata.Encoder is null || encoder is null ? null : Refine(folder, metadata, encoder),
        };
    }

    private static Refinement Refine(string folder, ModelMetadata metadata, ISentenceEncoder encoder)
    {
        if (metadata.Encoder != encoder.Version)
            throw new ModelLoadException($"the model in {folder} was trained with the encoder {metadata.Encoder}, this program has {encoder.Version}: run `train` again");
        var model = Read(Path.Combine(folder, RefinedFileName), FeatureSchema.FullDimension, metadata.RefinedHash);
        return new Refinement(model, encoder, metadata.Band);
    }

    public float Score(TriageInput input) => Judge(input, null).Score;

    public float Score(TriageInput input, float cutoff) => Judge(input, cutoff).Score;

    /// <summary>Scores a prompt of which only the vector is known.</summary>
    /// <param name="vector">Of the layout of this program.</param>
    internal float Score(JudgedVector vector) =>
        _gain.Gain(Refinement is { } refinement && vector.Embedding is not null ? refinement.Model.Score(vector.ToFullVector()) : _model.Score(vector.ToVector()));

    public IReadOnlyList<FeatureWeight> Explain(TriageInput input, int top) => Strongest(Judge(input, null), top);

    public IReadOnlyList<FeatureWeight> Explain(TriageInput input, int top, float cutoff) => Strongest(Judge(input, cutoff), top);

    /// <summary>Every part of the log-odds, the starting point included; their sum is the log-odds that the small model fails.</summary>
    public IReadOnlyList<FeatureWeight> Breakdown(TriageInput input)
    {
        var opinion = Judge(input, null);
        return opinion.Model.Breakdown(opinion.Buffer);
    }

    public void Dispose() => _buffers.Dispose();

    private FeatureBuffer Extract(TriageInput input)
    {
        var buffer = _buffers.Value!;
        PromptFeatures.Extract(input, buffer);
        return buffer;
    }

    /// <summary>The opinion that decides: the second one where it applies and, at a cutoff, where it could change the side.</summary>
    private Opinion Judge(TriageInput input, float? cutoff)
    {
        var buffer = Extract(input);
        var score = _gain.Gain(_model.Score(buffer));
        if (Refinement is not { } refinement || !refinement.Applies(buffer) || (cutoff is { } c && Math.Abs(score - c) > refinement.Band))
            return new Opinion(_model, buffer, score);
        PromptFeatures.AddEmbedding(buffer, refinement.Encoder);
        return new Opinion(refinement.Model, buffer, _gain.Gain(refinement.Model.Score(buffer)));
    }

    private static List<FeatureWeight> Strongest(Opinion opinion, int top) =>
        [.. opinion.Model.Breakdown(opinion.Buffer)
            .Where(x => x.Feature != LinearModel.StartingPoint)
            .OrderByDescending(x => Math.Abs(x.Weight))
            .ThenBy(x => x.Feature, StringComparer.Ordinal)
            .Take(Math.Clamp(top, 1, 50))];

    /// <param name="Buffer">Of this thread, until its next prompt.</param>
    private readonly record struct Opinion(LinearModel Model, FeatureBuffer Buffer, float Score);

    private static LinearModel Read(string path, int weights, string? hash)
    {
        if (!File.Exists(path))
            throw new ModelLoadException($"{path} is missing: run `train` to make a model, or restore the folder from the release");
        LinearModel model;
        try
        {
            model = LinearModel.From(new MLContext().Model.Load(path, out _));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // ML.NET reports a damaged file by many types, from InvalidDataException to TargetInvocationException.
            throw new ModelLoadException($"{path} is damaged or no ML.NET logistic regression ({e.Message}): run `train` again", e);
        }
        return model.Hash() == hash && model.Weights.Length == weights
            ? model
            : throw new ModelLoadException($"{path} is not the model that {ModelMetadata.FileName} describes: run `train` again");
    }
}
