namespace HybridRouter.Triage.Data;

/// <summary>
/// Sets a share of the rows apart, evenly within each kind and label, near-duplicates always on the same side. Depends on
/// ids only, not on the order of the rows.
/// </summary>
public static class HoldoutSplit
{
    /// <param name="share">Share of the rows that is held out, above 0 and below 1.</param>
    /// <returns>For each row whether it is held out.</returns>
    public static bool[] Choose(IReadOnlyList<DatasetRow> rows, double share, int seed)
    {
        var cluster = Clusters(rows);
        var held = new bool[rows.Count];
        foreach (var stratum in Enumerable.Range(0, rows.Count).GroupBy(i => (rows[i].Kind, rows[i].Label)))
        {
            var want = (int)Math.Round(share * stratum.Count());
            foreach (var i in stratum.OrderBy(i => Features.WordHash.OfExact(rows[i].Id, (uint)seed)))
            {
                // A row with near-duplicates stays in training with all of them: a hold-out needs no twins.
                if (want == 0)
                    break;
                if (cluster[i] != i || HasTwin(cluster, i))
                    continue;
                held[i] = true;
                want--;
            }
        }
        return held;
    }

    private static bool HasTwin(int[] cluster, int row) => Array.FindIndex(cluster, row + 1, c => c == row) >= 0;

    private static int[] Clusters(IReadOnlyList<DatasetRow> rows)
    {
        var cluster = Enumerable.Range(0, rows.Count).ToArray();
        foreach (var (first, second, _) in NearDuplicates.Pairs([.. rows.Select(r => r.Prompt)]))
        {
            var (keep, drop) = (Math.Min(cluster[first], cluster[second]), Math.Max(cluster[first], cluster[second]));
            for (var i = 0; i < cluster.Length; i++)
            {
                if (cluster[i] == drop)
                    cluster[i] = keep;
            }
        }
        return cluster;
    }
}
