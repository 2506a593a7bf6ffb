namespace HybridRouter.Triage.Features;

/// <summary>
/// One pass over the window, word by word: identifiers are cut at underscores and capitals so that
/// <c>rolling_max</c>, <c>RollingMax</c> and "rolling max" are the same two words.
/// </summary>
internal static class WordScanner
{
    /// <summary>Longer runs of letters are data, not words.</summary>
    private const int LongestWord = 40;

    public static void Scan(ReadOnlySpan<char> text, FeatureBuffer buffer, SignalCounts counts, Span<uint> words, out int wordCount)
    {
        wordCount = 0;
        uint previous = 0;
        for (var i = 0; i < text.Length;)
        {
            var c = text[i];
            if (IsLetter(c))
            {
                var end = EndOfWord(text, i);
                if (end - i <= LongestWord)
                {
                    var word = WordHash.Of(text[i..end]);
                    Note(word, previous, end - i, counts);
                    if (wordCount + 2 <= words.Length)
                    {
                        words[wordCount++] = word;
                        words[wordCount++] = previous == 0 ? 0 : WordHash.Pair(previous, word);
                    }
                    previous = word;
                }
                i = end;
            }
            else
            {
                if (c is '\n' or '.' or ';' or '{' or '}' or '`' or '"')
                    previous = 0;
                i++;
            }
        }
    }

    private static void Note(uint word, uint previous, int letters, SignalCounts counts)
    {
        counts.Words++;
        counts.WordLetters += letters;
        var concepts = Lexicon.ConceptsOf(word);
        if (previous != 0)
            concepts |= Lexicon.ConceptsOf(WordHash.Pair(previous, word));
        counts.Count(concepts);
    }

    private static int EndOfWord(ReadOnlySpan<char> text, int start)
    {
        var i = start + 1;
        // Scripts without spaces: one sign is one word, and pairs of words carry the meaning.
        if (IsIdeograph(text[start]))
            return i;
        for (; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\'' or '’' && i + 1 < text.Length && IsLetter(text[i + 1]))
                continue;
            if (!IsLetter(c) || IsIdeograph(c) || (IsUpper(c) && !IsUpper(text[i - 1])))
                break;
        }
        return i;
    }

    private static bool IsUpper(char c) => (uint)(c - 'A') <= 'Z' - 'A';

    private static bool IsLetter(char c) => c < 128 ? (uint)((c | 0x20) - 'a') <= 'z' - 'a' : char.IsLetter(c);

    private static bool IsIdeograph(char c) => c is >= '\u3040' and <= '\u9FFF' or >= '\uAC00' and <= '\uD7AF';
}
