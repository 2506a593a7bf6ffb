using HybridRouter.Triage.Data;

namespace HybridRouter.Triage.Training;

/// <summary>Splits rows into folds, evenly within each kind and label. Depends on ids and seed, not on the order of the rows.</summary>
internal static class Folds
{
    public static int[] Assign(IReadOnlyList<DatasetRow> rows, int folds, int seed)
    {
        var result = new int[rows.Count];
        var order = Enumerable.Range(0, rows.Count)
            .OrderBy(i => rows[i].Kind, StringComparer.Ordinal)
            .ThenBy(i => rows[i].Label)
            .ThenBy(i => Features.WordHash.OfExact(rows[i].Id, (uint)seed));
        var next = 0;
        foreach (var i in order)
            result[i] = next++ % folds;
        return result;
    }
}
