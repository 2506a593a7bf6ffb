namespace HybridRouter.Triage.Evaluation;

/// <summary>Percentile bootstrap over rows (Efron 1979): how far a figure would move had other rows been drawn.</summary>
internal static class Bootstrap
{
    public const int Resamples = 200;

    private const int Seed = 1979;

    /// <summary>
    /// The 95 % interval of each figure over the same resamples, so that figures computed together can be compared row by row.
    /// </summary>
    /// <param name="rows">How many there are.</param>
    /// <param name="figures">Given the indices drawn, the figures; null where one does not exist.</param>
    /// <returns>For each figure its interval, or null when it existed in no resample.</returns>
    public static Interval?[] Of(int rows, Func<int[], double?[]> figures)
    {
        var random = new Random(Seed);
        var drawn = new int[rows];
        var seen = new List<List<double>>();
        for (var resample = 0; resample < Resamples; resample++)
        {
            for (var i = 0; i < rows; i++)
                drawn[i] = random.Next(rows);
            var values = figures(drawn);
            while (seen.Count < values.Length)
                seen.Add([]);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] is { } value)
                    seen[i].Add(value);
            }
        }
        return [.. seen.Select(Middle)];
    }

    private static Interval? Middle(List<double> values)
    {
        if (values.Count == 0)
            return null;
        values.Sort();
        return new Interval(values[(int)(0.025 * values.Count)], values[Math.Min(values.Count - 1, (int)(0.975 * values.Count))]);
    }
}

/// <summary>Holds the true value in 95 of 100 cases.</summary>
public sealed record Interval(double Low, double High);
