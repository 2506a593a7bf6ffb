namespace HybridRouter.Triage.Features;

/// <summary>Reads numbers with their magnitude: <c>200000</c>, <c>2*10^5</c>, <c>10**9</c>, <c>1e6</c>, <c>10^{18}</c>.</summary>
internal static class NumberScanner
{
    /// <summary>Beyond this power of ten it no longer matters how large.</summary>
    private const double Largest = 19;

    /// <summary>Reads the number at <paramref name="start"/>, which is a digit; returns the index after it.</summary>
    /// <param name="magnitude">Its logarithm to base 10, 0..19.</param>
    public static int Read(ReadOnlySpan<char> text, int start, out double magnitude)
    {
        var i = start;
        double value = 0;
        while (i < text.Length && (IsDigit(text[i]) || IsThousands(text, i)))
        {
            if (IsDigit(text[i]))
                value = Math.Min(1e30, (value * 10) + (text[i] - '0'));
            i++;
        }
        magnitude = value < 1 ? 0 : Math.Log10(value);
        var exponentAt = ExponentAt(text, i);
        if (exponentAt > 0)
        {
            var exponent = 0;
            for (i = exponentAt; i < text.Length && IsDigit(text[i]); i++)
                exponent = Math.Min(99, (exponent * 10) + (text[i] - '0'));
            magnitude = text[exponentAt - 1] is 'e' or 'E' ? magnitude + exponent : magnitude * exponent;
        }
        magnitude = Math.Min(Largest, magnitude);
        return i;
    }

    private static bool IsThousands(ReadOnlySpan<char> text, int i) =>
        text[i] is ',' or '_' && i + 3 < text.Length && IsDigit(text[i + 1]) && IsDigit(text[i + 2]) && IsDigit(text[i + 3]);

    private static int ExponentAt(ReadOnlySpan<char> text, int i)
    {
        var rest = text[i..Math.Min(text.Length, i + 6)];
        if (rest.IsEmpty)
            return 0;
        var skip = rest[0] switch
        {
            '^' => 1,
            'e' or 'E' => 1,
            '*' when rest.Length > 1 && rest[1] == '*' => 2,
            _ => 0,
        };
        if (skip == 0)
            return 0;
        if (skip < rest.Length && rest[0] == '^' && rest[skip] == '{')
            skip++;
        return skip < rest.Length && IsDigit(rest[skip]) ? i + skip : 0;
    }

    /// <summary>Whether the characters before <paramref name="start"/> make the number a bound: <c>&lt;=</c>, <c>≤</c>, <c>\leq</c>, <c>up to</c>, <c>at most</c>.</summary>
    public static bool IsBound(ReadOnlySpan<char> text, int start)
    {
        var before = text[Math.Max(0, start - 10)..start].TrimEnd(" \t$({");
        return before.EndsWith("<=") || before.EndsWith("≤") || before.EndsWith("<")
            || before.EndsWith("\\leq") || before.EndsWith("\\le") || before.EndsWith("\\leqslant")
            || before.EndsWith("up to") || before.EndsWith("at most") || before.EndsWith("..");
    }

    private static bool IsDigit(char c) => (uint)(c - '0') <= 9;
}
