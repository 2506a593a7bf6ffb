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

    /// <summary>Loads <c>model.zip</c> and <c>metadata.json</c>.</summary>
    /// <exception cref="ModelLoadException">A file is missing, damaged or made for another feature layout.</exception>
    public static MlPromptClassifier Load(string folder)
    {
        var metadata = ModelMetadata.Read(folder);
        if (metadata.FeatureSchema != FeatureSchema.Hash)
            throw new ModelLoadException(
                $"the model in {folder} was trained on feature layout {metadata.FeatureSchema}, this program has {FeatureSchema.Hash}: run `train` again");
        var path = Path.Combine(folder, ModelFileName);
        if (!File.Exists(path))
            throw new ModelLoadException($"{path} is missing: run `train` to make a model, or restore the folder from the release");
        var model = Read(path);
        if (model.Hash() != metadata.WeightsHash)
            throw new ModelLoadException($"{path} is not the model that {ModelMetadata.FileName} describes: run `train` again");
        return new MlPromptClassifier(model, metadata.Version, metadata.Cutoff, new GainCurve(metadata.BothFail), metadata.Domain);
    }

    public float Score(TriageInput input) => _gain.Gain(_model.Score(Extract(input)));

    public IReadOnlyList<FeatureWeight> Explain(TriageInput input, int top) =>
        [.. Breakdown(input)
            .Where(x => x.Feature != LinearModel.StartingPoint)
            .OrderByDescending(x => Math.Abs(x.Weight))
            .ThenBy(x => x.Feature, StringComparer.Ordinal)
            .Take(Math.Clamp(top, 1, 50))];

    /// <summary>Every part of the log-odds, the starting point included; their sum is the log-odds that the small model fails.</summary>
    public IReadOnlyList<FeatureWeight> Breakdown(TriageInput input) => _model.Breakdown(Extract(input));

    public void Dispose() => _buffers.Dispose();

    private FeatureBuffer Extract(TriageInput input)
    {
        var buffer = _buffers.Value!;
        PromptFeatures.Extract(input, buffer);
        return buffer;
    }

    private static LinearModel Read(string path)
    {
        try
        {
            return LinearModel.From(new MLContext().Model.Load(path, out _));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // ML.NET reports a damaged file by many types, from InvalidDataException to TargetInvocationException.
            throw new ModelLoadException($"{path} is damaged or no ML.NET logistic regression ({e.Message}): run `train` again", e);
        }
    }
}
