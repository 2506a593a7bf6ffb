using System.Text.Json.Serialization;

namespace HybridRouter.Triage.Drift;

/// <summary>How one number lay in what a model was trained on.</summary>
/// <param name="Name">In words.</param>
/// <param name="Index">Place in the vector; -1 = the score.</param>
/// <param name="Edges">Rising; bin i holds what is above edge i - 1 and not above edge i.</param>
/// <param name="Shares">Of each bin, one more than there are edges.</param>
public sealed record DriftFeature(string Name, int Index, float[] Edges, double[] Shares)
{
    public const int ScoreIndex = -1;

    private const int Bins = 10;

    [JsonIgnore]
    public bool IsUsable => Shares.Length == Edges.Length + 1 && Edges.Zip(Edges.Skip(1)).All(e => e.First < e.Second);

    public int BinOf(float value)
    {
        var bin = 0;
        while (bin < Edges.Length && value > Edges[bin])
            bin++;
        return bin;
    }

    /// <summary>Bins between deciles; equal ones fall together, so that a number which is mostly 0 has few bins.</summary>
    public static DriftFeature Fit(string name, int index, IReadOnlyList<float> values, IReadOnlyList<double> weights)
    {
        var order = Enumerable.Range(0, values.Count).OrderBy(i => values[i]).ToArray();
        var total = weights.Sum();
        var edges = new List<float>();
        double below = 0;
        foreach (var i in order)
        {
            below += weights[i];
            var wanted = (edges.Count + 1.0) / Bins;
            while (edges.Count < Bins - 1 && below / total >= wanted)
            {
                edges.Add(values[i]);
                wanted = (edges.Count + 1.0) / Bins;
            }
        }
        // The uppermost value as an edge would leave an empty bin above it.
        var distinct = edges.Distinct().Where(e => e < values[order[^1]]).ToArray();
        var feature = new DriftFeature(name, index, distinct, new double[distinct.Length + 1]);
        for (var i = 0; i < values.Count; i++)
            feature.Shares[feature.BinOf(values[i])] += weights[i] / total;
        return feature with { Shares = [.. feature.Shares.Select(s => Math.Round(s, 5))] };
    }
}
