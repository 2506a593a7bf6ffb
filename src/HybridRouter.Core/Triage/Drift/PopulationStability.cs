namespace HybridRouter.Triage.Drift;

/// <summary>
/// Population stability index, as credit scoring watches its score cards (Siddiqi 2006, Credit Risk Scorecards): how far a
/// distribution over bins has moved from that of the development sample. Below 0.1 counts as stable, above 0.25 as moved.
/// </summary>
internal static class PopulationStability
{
    /// <summary>An empty bin would make the index infinite; the reference is taken to hold at least this share everywhere.</summary>
    private const double LeastShare = 0.0005;

    /// <param name="expected">Share of each bin in the reference, adding up to 1.</param>
    /// <param name="counts">How many lie in each bin now.</param>
    /// <returns>0 = the same; 0 as well for no counts at all.</returns>
    public static double Index(IReadOnlyList<double> expected, IReadOnlyList<int> counts)
    {
        double total = counts.Sum();
        if (total == 0)
            return 0;
        var floored = expected.Sum(e => Math.Max(e, LeastShare));
        double index = 0;
        for (var bin = 0; bin < expected.Count; bin++)
        {
            var reference = Math.Max(expected[bin], LeastShare) / floored;
            // Half a prompt in each bin, for the same reason.
            var actual = (counts[bin] + 0.5) / (total + (0.5 * expected.Count));
            index += (actual - reference) * Math.Log(actual / reference);
        }
        return index;
    }
}
