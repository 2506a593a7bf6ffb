namespace HybridRouter.Triage.Data;

/// <summary>
/// Finds prompts that say nearly the same: Jaccard similarity of their sets of word shingles (three words in a row,
/// lower-cased, one shingle of all words for shorter prompts; single signs for scripts without spaces).
/// </summary>
public static class NearDuplicates
{
    /// <summary>At or above it two prompts are near-duplicates.</summary>
    public const double Threshold = 0.5;

    private const int ShingleWords = 3;

    /// <summary>Pairs of different rows (indices, first below second) at or above <paramref name="threshold"/>.</summary>
    public static IReadOnlyList<(int First, int Second, double Similarity)> Pairs(IReadOnlyList<string> prompts, double threshold = Threshold)
    {
        var sets = prompts.Select(Shingles).ToArray();
        var holders = new Dictionary<int, List<int>>();
        var found = new List<(int, int, double)>();
        for (var row = 0; row < sets.Length; row++)
        {
            var shared = new Dictionary<int, int>();
            foreach (var shingle in sets[row])
            {
                if (!holders.TryGetValue(shingle, out var rows))
                    holders[shingle] = rows = [];
                foreach (var other in rows)
                    shared[other] = shared.GetValueOrDefault(other) + 1;
                rows.Add(row);
            }
            foreach (var (other, count) in shared)
            {
                var similarity = (double)count / (sets[row].Count + sets[other].Count - count);
                if (similarity >= threshold)
                    found.Add((other, row, similarity));
            }
        }
        return found;
    }

    private static HashSet<int> Shingles(string prompt)
    {
        var words = new List<string>();
        var start = -1;
        for (var i = 0; i <= prompt.Length; i++)
        {
            var isWord = i < prompt.Length && char.IsLetterOrDigit(prompt[i]);
            var alone = isWord && prompt[i] > '\u3040';
            if ((!isWord || alone) && start >= 0)
            {
                words.Add(prompt[start..i].ToLowerInvariant());
                start = -1;
            }
            if (alone)
                words.Add(prompt[i].ToString());
            else if (isWord && start < 0)
                start = i;
        }
        if (words.Count < ShingleWords)
            return [HashOf(words)];
        return [.. Enumerable.Range(0, words.Count - ShingleWords + 1).Select(i => HashOf(words.GetRange(i, ShingleWords)))];
    }

    private static int HashOf(List<string> words) => unchecked((int)Features.WordHash.OfExact(string.Join(' ', words), 0));
}
