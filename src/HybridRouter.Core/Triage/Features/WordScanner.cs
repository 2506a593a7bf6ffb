namespace HybridRouter.Triage.Features;

/// <summary>
/// One pass over the window, word by word: identifiers are cut at underscores and capitals so that
/// <c>rolling_max</c>, <c>RollingMax</c> and "rolling max" are the same two words.
/// </summary>
internal static class WordScanner
{
    /// <summary>Longer runs of letters are data, not words.</summary>
    private const int LongestWord = 40;

    /// <param name="words">Receives the hash of each word, followed by the hash of the pair that ends in it (0 for none).</param>
    /// <returns>Entries used of <paramref name="words"/>.</returns>
    public static int Scan(ReadOnlySpan<char> text, SignalCounts counts, Span<uint> words)
    {
        var used = 0;
        uint previous = 0;
        for (var i = 0; i < text.Length;)
        {
            var c = text[i];
            if (WordHash.Letter(c) == ' ')
            {
                if (c is '\n' or '.' or ';' or '{' or '}' or '`' or '"')
                    previous = 0;
                i++;
                continue;
            }
            var end = ReadWord(text, i, out var word);
            if (end - i <= LongestWord && used + 2 <= words.Length)
            {
                var pair = previous == 0 ? 0 : WordHash.Pair(previous, word);
                counts.Words++;
                counts.WordLetters += end - i;
                counts.Count(Lexicon.ConceptsOf(word) | (pair == 0 ? 0 : Lexicon.ConceptsOf(pair)));
                words[used++] = word;
                words[used++] = pair;
                previous = word;
            }
            i = end;
        }
        return used;
    }

    /// <summary>Reads and hashes the word at <paramref name="start"/>; the hash is that of <see cref="WordHash.Of"/>.</summary>
    private static int ReadWord(ReadOnlySpan<char> text, int start, out uint word)
    {
        var first = text[start];
        uint hash = WordHash.Basis, before = 0;
        var i = start;
        var upper = true;
        // Scripts without spaces: one sign is one word, and pairs of words carry the meaning.
        var single = IsIdeograph(first);
        for (; i < text.Length; i++)
        {
            var c = text[i];
            var letter = (char)(c | 0x20);
            var upperNow = c != letter;
            if ((uint)(letter - 'a') > 'z' - 'a')
            {
                upperNow = false;
                letter = c is '\'' or '’' && i + 1 < text.Length && WordHash.Letter(text[i + 1]) != ' ' ? '\'' : WordHash.Letter(c);
                if (letter == ' ' || (IsIdeograph(c) && i > start))
                    break;
            }
            if (upperNow && !upper)
                break;
            upper = upperNow;
            before = hash;
            hash = WordHash.Step(hash, letter);
            if (single)
            {
                i++;
                break;
            }
        }
        word = WordHash.Finish(WordHash.IsPlural(text[start..i]) ? before : hash);
        return i;
    }

    private static bool IsIdeograph(char c) => c is >= '\u3040' and <= '\u9FFF' or >= '\uAC00' and <= '\uD7AF';
}
