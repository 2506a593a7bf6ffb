namespace HybridRouter.Triage.Features;

/// <summary>Letter patterns: runs of characters inside words, lower-cased. They carry stems and languages that no word list holds.</summary>
internal static class NgramScanner
{
    public static void Scan(ReadOnlySpan<char> text, FeatureBuffer buffer)
    {
        // Every run of non-letters counts as one space, so that a pattern can hold the start or end of a word.
        ulong window = 0;
        var filled = 1 - FeatureSchema.LetterGram;
        var previous = ' ';
        foreach (var raw in text)
        {
            var c = WordHash.Letter(raw);
            if (c == ' ' && previous == ' ')
                continue;
            previous = c;
            window = (window << 16) | c;
            if (++filled > 0)
                buffer.AddOnce(FeatureSchema.LetterStart + Bucket(window));
        }
    }

    private static int Bucket(ulong window)
    {
        window *= 0x9E3779B97F4A7C15UL;
        window ^= window >> 29;
        window *= 0xBF58476D1CE4E5B9UL;
        return (int)(window >> (64 - FeatureSchema.LetterBits));
    }
}
