namespace HybridRouter.Local.Scheduling;

/// <param name="LastUsed">When its last request ended.</param>
internal readonly record struct IdleModel(string Key, int MemoryMiB, DateTimeOffset LastUsed);

/// <summary>Chooses which idle models make room for another one. Pure.</summary>
internal static class EvictionPolicy
{
    /// <summary>Least recently used first, and no more than needed. Null when all of them together are not enough: then none should go yet.</summary>
    public static IReadOnlyList<string>? Choose(int neededMiB, IEnumerable<IdleModel> idle)
    {
        var chosen = new List<IdleModel>();
        var freed = 0;
        foreach (var model in idle.OrderBy(m => m.LastUsed).ThenBy(m => m.Key, StringComparer.Ordinal))
        {
            if (freed >= neededMiB)
                break;
            if (model.MemoryMiB <= 0)
                continue;
            chosen.Add(model);
            freed += model.MemoryMiB;
        }
        if (freed < neededMiB)
            return null;
        // A big one taken late can make small ones taken early needless; the most recently used of those stay.
        for (var i = chosen.Count - 1; i >= 0; i--)
        {
            if (freed - chosen[i].MemoryMiB < neededMiB)
                continue;
            freed -= chosen[i].MemoryMiB;
            chosen.RemoveAt(i);
        }
        return [.. chosen.Select(m => m.Key)];
    }
}
