namespace HybridRouter.Labelling;

/// <summary>Makes one judgement of several of the same prompt.</summary>
internal static class Votes
{
    public const int Max = 5;

    /// <summary>
    /// The median of each number, so that one stray vote moves little; the label follows from it, which for an odd number is the
    /// majority's. Kind: the most frequent, the earliest of several. Reason: of the vote nearest to the median.
    /// </summary>
    /// <param name="votes">At least one.</param>
    /// <returns>The judgement, and the distance between the lowest and the highest difficulty, 0..1.</returns>
    public static (Grade Grade, double Spread) Combine(IReadOnlyList<Grade> votes)
    {
        var difficulty = Median(votes.Select(v => v.Difficulty));
        var kind = votes.GroupBy(v => v.Kind, StringComparer.Ordinal).OrderByDescending(g => g.Count()).First().Key;
        var nearest = votes.MinBy(v => Math.Abs(v.Difficulty - difficulty))!;
        var spread = votes.Max(v => v.Difficulty) - votes.Min(v => v.Difficulty);
        return (new Grade(difficulty, Median(votes.Select(v => v.StrongDifficulty)), kind, nearest.Why), Math.Round(spread, 6));
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : Math.Round((sorted[middle - 1] + sorted[middle]) / 2, 6);
    }
}
