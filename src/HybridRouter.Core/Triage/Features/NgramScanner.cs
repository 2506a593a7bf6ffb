namespace HybridRouter.Triage.Features;

/// <summary>Letter patterns: runs of characters inside words, lower-cased. They carry stems and languages that no word list holds.</summary>
internal static class NgramScanner
{
    public static void Scan(ReadOnlySpan<char> text, FeatureBuffer buffer)
    {
        // Fourgrams over the window with every run of non-letters as one separator.
        ulong window = 0;
        var filled = 0;
        var previousSeparator = true;
        foreach (var raw in text)
        {
            var c = WordHash.Lower(raw);
            var letter = c < 128 ? (uint)(c - 'a') <= 'z' - 'a' : char.IsLetter(c);
            if (!letter)
            {
                if (previousSeparator)
                    continue;
                c = ' ';
            }
            previousSeparator = !letter;
            window = (window << 16) | c;
            if (++filled >= FeatureSchema.LetterGram)
                buffer.AddOnce(FeatureSchema.LetterStart + Bucket(window & FeatureSchema.LetterMask));
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
