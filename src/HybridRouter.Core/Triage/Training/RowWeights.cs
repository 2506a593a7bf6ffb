using HybridRouter.Triage.Data;

namespace HybridRouter.Triage.Training;

/// <summary>How much of each row speaks for high and for low.</summary>
internal static class RowWeights
{
    public static (double High, double Low)[] Of(IReadOnlyList<DatasetRow> rows, TrainingOptions options)
    {
        var result = new (double High, double Low)[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            var label = rows[i].Label == true ? 1.0 : 0.0;
            var high = label + (options.Softness * ((rows[i].Difficulty ?? label) - label));
            result[i] = (high, 1 - high);
        }
        if (options.LengthTilt != 0)
            Tilt(rows, result, options.LengthTilt);
        foreach (var (kind, prior) in options.KindPriors)
            Reweight(rows, result, kind, prior);
        return result;
    }

    /// <summary>Within each kind, makes long rows speak louder for high and short ones for low; the weight of a kind stays.</summary>
    private static void Tilt(IReadOnlyList<DatasetRow> rows, (double High, double Low)[] weights, double tilt)
    {
        foreach (var kind in Enumerable.Range(0, rows.Count).GroupBy(i => rows[i].Kind))
        {
            var members = kind.ToList();
            var logs = members.ConvertAll(i => Math.Log(Math.Max(1, rows[i].Prompt.Length)));
            var mean = logs.Average();
            var deviation = Math.Max(1e-6, Math.Sqrt(logs.Average(l => (l - mean) * (l - mean))));
            foreach (var (i, log) in members.Zip(logs))
            {
                var z = Math.Clamp((log - mean) / deviation, -2, 2);
                weights[i] = (weights[i].High * Math.Exp(tilt * z / 2), weights[i].Low * Math.Exp(-tilt * z / 2));
            }
        }
    }

    /// <summary>Scales both sides of a kind so that its share of high is <paramref name="prior"/> and its total weight stays.</summary>
    private static void Reweight(IReadOnlyList<DatasetRow> rows, (double High, double Low)[] weights, string kind, double prior)
    {
        double high = 0, low = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            if (rows[i].Kind != kind)
                continue;
            high += weights[i].High;
            low += weights[i].Low;
        }
        if (high <= 0 || low <= 0)
            return;
        var total = high + low;
        for (var i = 0; i < rows.Count; i++)
        {
            if (rows[i].Kind == kind)
                weights[i] = (weights[i].High * prior * total / high, weights[i].Low * (1 - prior) * total / low);
        }
    }
}
