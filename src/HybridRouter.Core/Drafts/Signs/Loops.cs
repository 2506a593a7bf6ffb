namespace HybridRouter.Drafts.Signs;

/// <summary>
/// The answer ends in the same piece over and over, down to the character: a word, a line, or some lines. Rows of a table,
/// test cases and closing braces differ in a character at least, and what is repeated on purpose is followed by something
/// else. Pieces of punctuation or digits alone (rules, zeros of a matrix, padding) must go on for longer.
/// </summary>
internal static class Loops
{
    /// <summary>The end that is looked at, and the longest piece, characters.</summary>
    private const int Window = 12_000, MaxPeriod = 1_500;

    /// <summary>What an answer that was cut, and one that ended by itself, must show to count: repeats, and characters they cover.</summary>
    private static readonly (int Repeats, int Chars) WhenCut = (4, 150), WhenEnded = (6, 300);

    private const int CharsOfSigns = 800;

    public static double Strength(Draft draft)
    {
        // Where the rest of the text is not known, its end is not, either.
        if (draft.IsClipped)
            return 0;
        var strongest = Strength(draft.Text, draft.WasCut);
        foreach (var call in draft.Calls)
            strongest = Math.Max(strongest, Strength(call.Arguments, draft.WasCut));
        return strongest;
    }

    private static double Strength(string text, bool cut)
    {
        var end = text.AsSpan();
        if (end.Length - end.TrimEnd().Length >= CharsOfSigns)
            return 1;
        end = end.TrimEnd();
        end = end[Math.Max(0, end.Length - Window)..];
        var (period, covered) = Repetition(end);
        if (period == 0)
            return 0;
        var repeats = covered / period;
        var needed = cut ? WhenCut : WhenEnded;
        var chars = HasWords(end[^period..]) ? needed.Chars : CharsOfSigns;
        return repeats < needed.Repeats || covered < chars ? 0 : cut || repeats >= 2 * needed.Repeats ? 1 : 0.8;
    }

    /// <summary>The period by which most of the end repeats itself, and how much that is, the first time included.</summary>
    private static (int Period, int Covered) Repetition(ReadOnlySpan<char> end)
    {
        var best = (Period: 0, Covered: 0);
        for (var period = 1; period <= Math.Min(MaxPeriod, end.Length / 2); period++)
        {
            // Equal to itself shifted by the period, as far back as that goes.
            var same = end[..^period].CommonSuffixLength(end[period..]);
            // A multiple of a period covers the same; a piece counts only when it came twice at least.
            if (same >= period && same + period > best.Covered + best.Period)
                best = (period, same + period);
        }
        return best;
    }

    /// <summary>Whether a piece says something: two different letters at least.</summary>
    private static bool HasWords(ReadOnlySpan<char> piece)
    {
        var first = '\0';
        foreach (var c in piece)
        {
            if (!char.IsLetter(c))
                continue;
            if (first == '\0')
                first = c;
            else if (c != first)
                return true;
        }
        return false;
    }

    private static int CommonSuffixLength(this ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var length = Math.Min(a.Length, b.Length);
        a = a[^length..];
        b = b[^length..];
        // Most periods part in the first character; blocks make the rest quick.
        var same = 0;
        while (length - same >= 32 && a[(length - same - 32)..(length - same)].SequenceEqual(b[(length - same - 32)..(length - same)]))
            same += 32;
        while (same < length && a[length - same - 1] == b[length - same - 1])
            same++;
        return same;
    }
}
