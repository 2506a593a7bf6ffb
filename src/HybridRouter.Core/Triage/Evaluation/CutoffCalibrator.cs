using HybridRouter.Triage.Data;

namespace HybridRouter.Triage.Evaluation;

/// <summary>A cutoff and what it achieves on the rows it was picked on, with 95 % intervals of a bootstrap over rows.</summary>
/// <param name="Target">Of the figure that was aimed at, 0..1.</param>
/// <param name="CutoffInterval">Of the cutoff, were it picked on other rows of the same traffic.</param>
/// <param name="CloudShare">Share of the rows that score at or above the cutoff.</param>
/// <param name="Quality">Share of the strong model's quality that is kept; null where rows do not tell.</param>
/// <param name="Judged">Whether the quality is judged (labels, difficulties) and not measured.</param>
public sealed record CalibratedCutoff(
    string Model, int Rows, double Target, float Cutoff, Interval CutoffInterval, Estimate CloudShare, Estimate? Quality, bool Judged);

/// <summary>Picks the cutoff of the triage on given rows. Pure: the same rows and scores give the same cutoff.</summary>
public static class CutoffCalibrator
{
    /// <summary>A share that misses its target by more cannot be reached on these rows.</summary>
    private const double Tolerance = 0.05;

    /// <summary>The cutoff whose share of rows at or above it is nearest to <paramref name="target"/>. Reads no labels.</summary>
    /// <exception cref="DatasetException">Too many rows have the same score.</exception>
    public static CalibratedCutoff ForCloudShare(string model, IReadOnlyList<DatasetRow> rows, IReadOnlyList<float> scores, double target)
    {
        var scored = Pair(rows, scores, out var judged);
        var report = Report(model, scored, target, judged, r => ByShare(r, target));
        return Math.Abs(report.CloudShare.Value - target) <= Tolerance
            ? report
            : throw new DatasetException(
                $"a cloud share of {target:0.###} cannot be reached: too many of the {rows.Count} rows have the same score, the nearest share is {report.CloudShare.Value:0.###}");
    }

    /// <summary>The highest cutoff that keeps <paramref name="target"/> of the strong model's quality.</summary>
    /// <exception cref="DatasetException">No row tells qualities, or the strong model has none.</exception>
    public static CalibratedCutoff ForQuality(string model, IReadOnlyList<DatasetRow> rows, IReadOnlyList<float> scores, double target)
    {
        var scored = Pair(rows, scores, out var judged).Where(r => r.Strong is not null).ToList();
        if (scored.Count == 0)
            throw new DatasetException("a quality needs rows with the numbers \"weak\" and \"strong\", or with \"label\"; with prompts alone use --target-cloud-share");
        if (scored.Sum(r => r.Strong!.Value) <= 0)
            throw new DatasetException("the strong model's quality is 0 on all rows: there is nothing to keep");
        return Report(model, scored, target, judged, r => ByQuality(r, target));
    }

    private readonly record struct Scored(float Score, double? Weak, double? Strong);

    /// <summary>Measured qualities where any row has them, else judged ones.</summary>
    private static List<Scored> Pair(IReadOnlyList<DatasetRow> rows, IReadOnlyList<float> scores, out bool judged)
    {
        var measured = rows.Any(r => r is { Weak: not null, Strong: not null });
        judged = !measured;
        return [.. rows.Zip(scores, (r, s) => measured
            ? r is { Weak: not null, Strong: not null } ? new Scored(s, r.Weak, r.Strong) : new Scored(s, null, null)
            : r.Label is { } high ? new Scored(s, 1 - (r.Difficulty ?? (high ? 1 : 0)), 1 - (r.StrongDifficulty ?? 0)) : new Scored(s, null, null))];
    }

    private static CalibratedCutoff Report(string model, List<Scored> rows, double target, bool judged, Func<IReadOnlyList<Scored>, float> pick)
    {
        var cutoff = pick(rows);
        var intervals = Bootstrap.Of(rows.Count, drawn =>
        {
            Scored[] sample = [.. drawn.Select(i => rows[i])];
            return [pick(sample), ShareOf(sample, cutoff), QualityOf(sample, cutoff)];
        });
        return new CalibratedCutoff(
            model, rows.Count, target, cutoff, intervals[0]!, new Estimate(ShareOf(rows, cutoff), intervals[1]),
            QualityOf(rows, cutoff) is { } quality ? new Estimate(quality, intervals[2]) : null,
            judged);
    }

    private static float ByShare(IReadOnlyList<Scored> rows, double target) =>
        Candidates(rows).MinBy(c => (Math.Abs(((double)c.Above / rows.Count) - target), c.Above)).Cutoff;

    private static float ByQuality(IReadOnlyList<Scored> rows, double target)
    {
        var sorted = rows.OrderByDescending(r => r.Score).ToList();
        var wanted = (target * rows.Sum(r => r.Strong!.Value)) - 1e-9;
        var quality = rows.Sum(r => r.Weak!.Value);
        var taken = 0;
        foreach (var (cutoff, above) in Candidates(rows))
        {
            for (; taken < above; taken++)
                quality += sorted[taken].Strong!.Value - sorted[taken].Weak!.Value;
            if (quality >= wanted)
                return cutoff;
        }
        // Only a weak model that beats the strong one can get here: all to the cloud keeps all of its quality.
        return 0;
    }

    /// <summary>Cutoffs between neighbouring scores, highest first, each with the rows above it.</summary>
    private static IEnumerable<(float Cutoff, int Above)> Candidates(IReadOnlyList<Scored> rows)
    {
        var sorted = rows.Select(r => r.Score).OrderDescending().ToList();
        yield return (1, sorted.Count(s => s >= 1));
        for (var i = 1; i <= sorted.Count; i++)
        {
            if (i == sorted.Count)
                yield return (0, i);
            else if (sorted[i] < sorted[i - 1])
                yield return (Short(sorted[i], sorted[i - 1]), i);
        }
    }

    /// <summary>The number of fewest decimals above <paramref name="low"/> and not above <paramref name="high"/>: it is written into a file.</summary>
    private static float Short(float low, float high)
    {
        var middle = (low + (double)high) / 2;
        for (var digits = 2; digits < 7; digits++)
        {
            var rounded = (float)Math.Round(middle, digits);
            if (rounded > low && rounded <= high)
                return rounded;
        }
        return high;
    }

    private static double ShareOf(IReadOnlyList<Scored> rows, float cutoff) => rows.Count(r => r.Score >= cutoff) / (double)Math.Max(1, rows.Count);

    private static double? QualityOf(IReadOnlyList<Scored> rows, float cutoff)
    {
        double kept = 0, strong = 0;
        foreach (var row in rows.Where(r => r.Strong is not null))
        {
            kept += row.Score >= cutoff ? row.Strong!.Value : row.Weak!.Value;
            strong += row.Strong!.Value;
        }
        return strong > 0 ? kept / strong : null;
    }
}
