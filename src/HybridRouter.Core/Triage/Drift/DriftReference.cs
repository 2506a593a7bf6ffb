using System.Text.Json;
using HybridRouter.Triage.Features;
using HybridRouter.Triage.Training;
using Microsoft.ML.Data;

namespace HybridRouter.Triage.Drift;

/// <summary><c>drift.json</c> beside a model: how its scores, and those named features that move them most, lay in what it was trained on.</summary>
/// <param name="FeatureSchema">The layout that the places mean.</param>
public sealed record DriftReference(string FeatureSchema, IReadOnlyList<DriftFeature> Features)
{
    public const string FileName = "drift.json";

    /// <summary>Features watched beside the score: few enough for a metric, chosen by what they can do to the score.</summary>
    public const int MaxFeatures = 31;

    /// <param name="weights">How much each of <paramref name="vectors"/> counts.</param>
    /// <param name="scores">What the model gave each.</param>
    internal static DriftReference Fit(
        IReadOnlyList<VBuffer<float>> vectors, IReadOnlyList<double> weights, IReadOnlyList<float> scores, LinearModel linear, PromptDomain domain)
    {
        var columns = Columns(domain).ToDictionary(c => c, _ => new float[vectors.Count]);
        for (var row = 0; row < vectors.Count; row++)
        {
            var indices = vectors[row].GetIndices();
            var values = vectors[row].GetValues();
            for (var i = 0; i < indices.Length && indices[i] < Triage.Features.FeatureSchema.WordStart; i++)
            {
                if (columns.TryGetValue(indices[i], out var column))
                    column[row] = values[i];
            }
        }
        var modelWeights = linear.Weights.ToArray();
        var watched = columns
            .Select(c => (Index: c.Key, Values: c.Value, Moves: Math.Abs(modelWeights[c.Key]) * Spread(c.Value)))
            .Where(c => c.Moves > 0)
            .OrderByDescending(c => c.Moves).ThenBy(c => c.Index)
            .Take(MaxFeatures)
            .Select(c => DriftFeature.Fit(Triage.Features.FeatureSchema.NameOf(c.Index), c.Index, c.Values, weights));
        return new DriftReference(Triage.Features.FeatureSchema.Hash, [DriftFeature.Fit("score", DriftFeature.ScoreIndex, scores, weights), .. watched]);
    }

    public void Write(string folder) => File.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, JsonSerializerOptions.Web) + "\n");

    /// <summary>Null: there is none, or it does not belong to this program's features. A model works without.</summary>
    public static DriftReference? TryRead(string folder)
    {
        try
        {
            var read = JsonSerializer.Deserialize<DriftReference>(File.ReadAllText(Path.Combine(folder, FileName)), JsonSerializerOptions.Web);
            return read is { Features.Count: > 0 } && read.FeatureSchema == Triage.Features.FeatureSchema.Hash && read.Features.All(f => f.IsUsable) ? read : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Signals, and of each concept how often it is seen.</summary>
    private static IEnumerable<int> Columns(PromptDomain domain)
    {
        var (from, to) = Lexicon.RangeOf(domain);
        return Enumerable.Range(0, Triage.Features.FeatureSchema.SignalCount)
            .Concat(Enumerable.Range(from, to - from).Select(c => Triage.Features.FeatureSchema.ConceptStart + (2 * c)));
    }

    private static double Spread(float[] values)
    {
        var mean = values.Average(v => (double)v);
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }
}
