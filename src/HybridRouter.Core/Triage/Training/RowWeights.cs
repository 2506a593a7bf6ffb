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
        foreach (var (kind, prior) in options.KindPriors)
            Reweight(rows, result, kind, prior);
        return result;
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
