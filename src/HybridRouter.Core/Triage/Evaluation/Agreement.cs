using HybridRouter.Triage.Data;

namespace HybridRouter.Triage.Evaluation;

/// <summary>What two judges said of one prompt.</summary>
/// <param name="Reference">True = high.</param>
/// <param name="ReferenceDifficulty">Chance that a small model fails, 0..1; null = not said.</param>
public sealed record JudgedPair(bool Reference, double? ReferenceDifficulty, bool Other, double? OtherDifficulty, string Kind);

/// <summary>Compares two judges of the same prompts. Pure: the same pairs give the same report.</summary>
public static class Agreement
{
    /// <summary>Pairs rows of two files by their ids; rows that only one has, or that carry no label, are left out.</summary>
    public static IReadOnlyList<JudgedPair> Pair(IEnumerable<DatasetRow> reference, IEnumerable<DatasetRow> other)
    {
        var others = other.Where(r => r.Label is not null).ToDictionary(r => r.Id, StringComparer.Ordinal);
        return
        [
            .. from row in reference
               where row.Label is not null && others.ContainsKey(row.Id)
               let match = others[row.Id]
               select new JudgedPair(row.Label!.Value, row.Difficulty, match.Label!.Value, match.Difficulty, row.Kind.Length > 0 ? row.Kind : match.Kind),
        ];
    }

    /// <returns>Null without pairs.</returns>
    public static AgreementReport? Measure(IReadOnlyList<JudgedPair> pairs) => pairs.Count == 0 ? null : new AgreementReport(
        Figures(pairs),
        [
            .. pairs.GroupBy(p => p.Kind, StringComparer.Ordinal)
                .Where(g => g.Key.Length > 0)
                .OrderByDescending(g => g.Count())
                .ThenBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new KindAgreement(g.Key, Figures([.. g]))),
        ]);

    private static AgreementFigures Figures(IReadOnlyList<JudgedPair> pairs)
    {
        var values = Values(pairs);
        var intervals = Bootstrap.Of(pairs.Count, drawn => Values([.. drawn.Select(i => pairs[i])]));
        Estimate? Figure(int i) => values[i] is { } value ? new Estimate(value, intervals[i]) : null;
        return new AgreementFigures(pairs.Count, Count(pairs), Figure(0)!, Figure(1), Figure(2), Figure(3));
    }

    private static double?[] Values(IReadOnlyList<JudgedPair> pairs)
    {
        var counts = Count(pairs);
        var gaps = pairs.Where(p => p is { ReferenceDifficulty: not null, OtherDifficulty: not null })
            .Select(p => Math.Abs(p.ReferenceDifficulty!.Value - p.OtherDifficulty!.Value))
            .ToList();
        return
        [
            (double)(counts.BothHigh + counts.BothLow) / pairs.Count,
            Kappa(counts),
            Ranking.Auc(pairs.Where(p => p.OtherDifficulty is not null).Select(p => (p.OtherDifficulty!.Value, p.Reference))),
            gaps.Count == 0 ? null : gaps.Average(),
        ];
    }

    private static Confusion Count(IReadOnlyList<JudgedPair> pairs) => new(
        pairs.Count(p => p is { Reference: true, Other: true }),
        pairs.Count(p => p is { Reference: true, Other: false }),
        pairs.Count(p => p is { Reference: false, Other: true }),
        pairs.Count(p => p is { Reference: false, Other: false }));

    /// <summary>Cohen 1960. Null when chance alone agrees always, as nothing is left to measure then.</summary>
    internal static double? Kappa(Confusion counts)
    {
        double rows = counts.BothHigh + counts.MissedHigh + counts.FalseHigh + counts.BothLow;
        var reference = (counts.BothHigh + counts.MissedHigh) / rows;
        var other = (counts.BothHigh + counts.FalseHigh) / rows;
        var chance = (reference * other) + ((1 - reference) * (1 - other));
        return chance >= 1 ? null : (((counts.BothHigh + counts.BothLow) / rows) - chance) / (1 - chance);
    }
}
