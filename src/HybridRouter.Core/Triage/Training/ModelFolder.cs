using System.Text.Json;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Features;
using Microsoft.ML;

namespace HybridRouter.Triage.Training;

/// <summary>Writes a trained model: <c>model.zip</c>, <c>metadata.json</c>, <c>model-card.md</c>, <c>drift.json</c>.</summary>
public static class ModelFolder
{
    public const string CardFileName = "model-card.md";

    public static ModelMetadata Save(TrainedModel model, EvaluationReport crossValidated, EvaluationReport? holdout, string folder)
    {
        Directory.CreateDirectory(folder);
        var metadata = Describe(model, crossValidated, holdout);
        Write(model.Text, Path.Combine(folder, MlPromptClassifier.ModelFileName));
        var refined = Path.Combine(folder, MlPromptClassifier.RefinedFileName);
        File.Delete(refined);
        if (model.Refined is not null)
            Write(model.Refined, refined);
        File.WriteAllText(Path.Combine(folder, ModelMetadata.FileName), JsonSerializer.Serialize(metadata, ModelMetadata.Json) + "\n");
        File.WriteAllText(Path.Combine(folder, CardFileName), ModelCard.Write(metadata, model, crossValidated, holdout));
        model.Drift?.Write(folder);
        return metadata;
    }

    private static void Write(FittedModel model, string path)
    {
        var context = new MLContext(0);
        var empty = context.Data.LoadFromEnumerable(Array.Empty<FeatureRow>(), FeatureRow.Schema(model.Linear.Weights.Length));
        context.Model.Save(model.Transformer, empty.Schema, path);
    }

    private static ModelMetadata Describe(TrainedModel model, EvaluationReport crossValidated, EvaluationReport? holdout)
    {
        var hash = model.Linear.Hash();
        var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
        Add(figures, "crossValidated", crossValidated);
        if (holdout is not null)
            Add(figures, "holdout", holdout);
        return new ModelMetadata
        {
            Version = VersionOf(model.Options, model.Linear),
            Domain = model.Options.Domain,
            FeatureSchema = FeatureSchema.Hash,
            WeightsHash = hash,
            BothFail = model.Gain.BothFail,
            Encoder = model.Refined is null ? null : model.Options.Encoder!.Version,
            RefinedHash = model.Refined?.Linear.Hash(),
            Band = model.Band,
            Cutoff = model.Cutoff,
            CutoffRule = model.Traffic.Count == 0 ? CutoffRule.Statement : CutoffRule.SameFalseLocalStatement,
            TrainingRows = model.Rows.Count,
            TrafficRows = model.Traffic.Count,
            TrafficWeight = Math.Round(model.Traffic.Sum(t => t.Weight), 1),
            HoldoutRows = holdout?.Rows ?? 0,
            KindPriors = new SortedDictionary<string, double>(model.Options.KindPriors.ToDictionary(), StringComparer.Ordinal),
            L2 = model.Options.L2,
            Softness = model.Options.Softness,
            Seed = model.Options.Seed,
            Figures = figures,
        };
    }

    internal static string VersionOf(TrainingOptions options, LinearModel linear) => $"{options.Name}-{linear.Hash()[..8]}";

    private static void Add(SortedDictionary<string, double> figures, string prefix, EvaluationReport report)
    {
        if (report.Labelled is not { } l)
            return;
        Put("Auc", l.Auc);
        Put("AucMacro", l.AucMacro);
        Put("Accuracy", l.Accuracy);
        Put("FalseLocal", l.FalseLocalRate);
        Put("FalseCloud", l.FalseCloudRate);
        Put("CalibrationError", l.CalibrationError);
        Put("GainCalibrationError", l.GainCalibrationError);
        Put("LengthAuc", l.LengthAuc);

        void Put(string name, double? value)
        {
            if (value is { } v)
                figures[prefix + name] = Math.Round(v, 4);
        }
    }
}
