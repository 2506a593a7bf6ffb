namespace HybridRouter.Triage.Evaluation;

/// <summary>Figures that depend only on the order of the scores.</summary>
public static class Ranking
{
    /// <summary>Chance that a positive row scores above a negative one, ties counted one half; null without both sorts.</summary>
    public static double? Auc(IEnumerable<(double Score, bool Positive)> items)
    {
        var sorted = items.OrderBy(x => x.Score).ToList();
        double positives = sorted.Count(x => x.Positive);
        var negatives = sorted.Count - positives;
        if (positives == 0 || negatives == 0)
            return null;
        double below = 0, won = 0;
        for (var start = 0; start < sorted.Count;)
        {
            var end = start;
            double p = 0, n = 0;
            for (; end < sorted.Count && sorted[end].Score.Equals(sorted[start].Score); end++)
            {
                if (sorted[end].Positive)
                    p++;
                else
                    n++;
            }
            won += p * (below + (n / 2));
            below += n;
            start = end;
        }
        return won / (positives * negatives);
    }

    /// <summary>
    /// Average performance gap recovered: the area under PGR(c), the share of the gap between the weak and the strong
    /// model that is closed when the share c of the calls with the highest scores goes to the strong one. Random is 0.5.
    /// Rows of equal score count as a straight segment. Null where the strong model is not better overall.
    /// </summary>
    public static double? Apgr(IEnumerable<(double Score, double Weak, double Strong)> items)
    {
        var sorted = items.OrderByDescending(x => x.Score).ToList();
        if (sorted.Count == 0)
            return null;
        var weak = sorted.Average(x => x.Weak);
        var gap = sorted.Average(x => x.Strong) - weak;
        if (gap <= 0)
            return null;
        double area = 0, gained = 0;
        for (var start = 0; start < sorted.Count;)
        {
            var end = start;
            double gain = 0;
            for (; end < sorted.Count && sorted[end].Score.Equals(sorted[start].Score); end++)
                gain += sorted[end].Strong - sorted[end].Weak;
            area += (end - start) * (gained + (gain / 2));
            gained += gain;
            start = end;
        }
        return area / sorted.Count / sorted.Count / gap;
    }

    /// <summary>
    /// Least share of calls to the strong model, highest scores first, that keeps <paramref name="kept"/> of the strong model's own
    /// quality; random needs about the same share as the quality that is to be gained. Rows of equal score count as a straight segment.
    /// </summary>
    /// <param name="kept">0..1.</param>
    public static double CallsFor(double kept, IEnumerable<(double Score, double Weak, double Strong)> items)
    {
        var sorted = items.OrderByDescending(x => x.Score).ToList();
        var target = kept * sorted.Sum(x => x.Strong);
        var quality = sorted.Sum(x => x.Weak);
        if (quality >= target)
            return 0;
        for (var start = 0; start < sorted.Count;)
        {
            var end = start;
            var after = quality;
            for (; end < sorted.Count && sorted[end].Score.Equals(sorted[start].Score); end++)
                after += sorted[end].Strong - sorted[end].Weak;
            if (after >= target)
                return (start + ((end - start) * (target - quality) / (after - quality))) / sorted.Count;
            (start, quality) = (end, after);
        }
        return 1;
    }

    /// <summary>
    /// Mean AUC within groups: what is left when the groups cannot be told apart. Groups with fewer than
    /// <paramref name="minRows"/> rows, or of one sort only, are left out; null when none remains.
    /// </summary>
    public static double? AucMacro(IEnumerable<(double Score, bool Positive, string Group)> items, int minRows = 30)
    {
        var perGroup = items.GroupBy(x => x.Group, StringComparer.Ordinal)
            .Where(g => g.Count() >= minRows)
            .Select(g => Auc(g.Select(x => (x.Score, x.Positive))))
            .OfType<double>()
            .ToList();
        return perGroup.Count == 0 ? null : perGroup.Average();
    }

    /// <summary>
    /// Expected calibration error: mean distance between the score and the share of positives, over ten bins of equal
    /// width weighted by their rows.
    /// </summary>
    public static double CalibrationError(IReadOnlyCollection<(double Score, double Truth)> items) =>
        items.GroupBy(x => Math.Min(9, (int)(x.Score * 10)))
            .Sum(bin => Math.Abs(bin.Sum(x => x.Score - x.Truth))) / Math.Max(1, items.Count);
}
