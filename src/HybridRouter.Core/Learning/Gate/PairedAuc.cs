namespace HybridRouter.Learning.Gate;

/// <param name="Weight">0 or more.</param>
internal readonly record struct PairedScore(bool Positive, double Weight, float Current, float Candidate);

/// <summary>
/// AUC of two models on the same weighted rows, and the interval of the difference by a paired percentile bootstrap over rows
/// (Efron 1979). Sorted once: a resample only changes how often a row counts.
/// </summary>
internal sealed class PairedAuc
{
    public const int Resamples = 2000;

    private const int Seed = 1979;

    private readonly IReadOnlyList<PairedScore> _rows;
    private readonly int[] _byCurrent;
    private readonly int[] _byCandidate;

    public PairedAuc(IReadOnlyList<PairedScore> rows)
    {
        _rows = rows;
        _byCurrent = [.. Enumerable.Range(0, rows.Count).OrderBy(i => rows[i].Current)];
        _byCandidate = [.. Enumerable.Range(0, rows.Count).OrderBy(i => rows[i].Candidate)];
    }

    /// <param name="level">Share of the cases in which the interval holds the true difference, 0.5..0.999.</param>
    /// <returns>Null without rows of both sorts.</returns>
    public PairedFigure? Compare(double level)
    {
        var once = Enumerable.Repeat(1, _rows.Count).ToArray();
        if (Difference(once) is not { } whole)
            return null;
        var random = new Random(Seed);
        var differences = new List<double>(Resamples);
        var times = new int[_rows.Count];
        for (var resample = 0; resample < Resamples; resample++)
        {
            Array.Clear(times);
            for (var i = 0; i < times.Length; i++)
                times[random.Next(times.Length)]++;
            if (Difference(times) is { } drawn)
                differences.Add(drawn.Candidate - drawn.Current);
        }
        differences.Sort();
        // Few rows of one sort leave resamples without it; with none left nothing is known.
        if (differences.Count == 0)
            return null;
        var tail = (int)((1 - level) / 2 * differences.Count);
        return new PairedFigure(whole.Current, whole.Candidate, whole.Candidate - whole.Current, differences[tail], differences[^(tail + 1)]);
    }

    /// <summary>The plain difference; null without both sorts.</summary>
    public double? Difference() => Difference([.. Enumerable.Repeat(1, _rows.Count)]) is { } whole ? whole.Candidate - whole.Current : null;

    private (double Current, double Candidate)? Difference(int[] times) =>
        Auc(_byCurrent, static r => r.Current, times) is { } current && Auc(_byCandidate, static r => r.Candidate, times) is { } candidate ? (current, candidate) : null;

    /// <summary>Weighted chance that a positive row scores above a negative one, ties counted one half.</summary>
    private double? Auc(int[] order, Func<PairedScore, float> score, int[] times)
    {
        double positives = 0, below = 0, won = 0;
        for (var start = 0; start < order.Length;)
        {
            double p = 0, n = 0;
            var tie = score(_rows[order[start]]);
            for (; start < order.Length && score(_rows[order[start]]).Equals(tie); start++)
            {
                var row = _rows[order[start]];
                var weight = row.Weight * times[order[start]];
                p += row.Positive ? weight : 0;
                n += row.Positive ? 0 : weight;
            }
            won += p * (below + (n / 2));
            positives += p;
            below += n;
        }
        return positives > 0 && below > 0 ? won / (positives * below) : null;
    }
}
