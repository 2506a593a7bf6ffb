namespace HybridRouter.Triage.Features;

/// <summary>One pass over the characters of the window: numbers, bounds, notation, punctuation, script.</summary>
internal static class CharScanner
{
    public static void Scan(ReadOnlySpan<char> text, SignalCounts counts)
    {
        int numbers = 0, bounds = 0, notation = 0, subscripts = 0, ellipsis = 0, operators = 0, questions = 0;
        int quotes = 0, asides = 0, variables = 0, nonAscii = 0, nonLatin = 0, inline = 0;
        double largest = 0, largestBound = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c >= 128)
            {
                nonAscii++;
                if (c > 0x24F && char.IsLetter(c))
                    nonLatin++;
                if (c is '≤' or '≥' or '∑' or '∈' or '×')
                    notation++;
                continue;
            }
            if (char.IsAsciiLetter(c))
            {
                var start = i;
                while (i < text.Length && char.IsAsciiLetter(text[i]))
                    i++;
                if (i - start == 1 && Alone(text, start))
                    variables++;
                i--;
                continue;
            }
            if ((uint)(c - '0') <= 9)
            {
                if (i > 0 && char.IsAsciiLetter(text[i - 1]))
                    continue;
                var isBound = NumberScanner.IsBound(text, i);
                i = NumberScanner.Read(text, i, out var magnitude) - 1;
                numbers++;
                largest = Math.Max(largest, magnitude);
                if (isBound)
                {
                    bounds++;
                    largestBound = Math.Max(largestBound, magnitude);
                }
                continue;
            }
            switch (c)
            {
                case '$' or '\\' or '^': notation++; break;
                case '_' when IsSubscript(text, i): subscripts++; break;
                case '[' when i > 0 && char.IsAsciiLetter(text[i - 1]): subscripts++; break;
                case '.' when i + 2 < text.Length && text[i + 1] == '.' && text[i + 2] == '.': ellipsis++; i += 2; break;
                case '=' or '<' or '>' or '+' or '*' or '&' or '|' or '{' or '}' or ';': operators++; break;
                case '?': questions++; break;
                case '"': quotes++; break;
                case '`': inline++; break;
                case '(' when i > 0 && text[i - 1] == ' ': asides++; break;
            }
        }
        counts[Signal.Numbers] = numbers;
        counts[Signal.LargestNumber] = largest;
        counts[Signal.SmallNumbersOnly] = numbers > 0 && largest < 3 ? 1 : 0;
        counts[Signal.Bounds] = bounds;
        counts[Signal.LargestBound] = largestBound;
        counts[Signal.MathNotation] = notation;
        counts[Signal.Subscripts] = subscripts;
        counts[Signal.Ellipsis] = ellipsis;
        counts[Signal.Operators] = operators;
        counts[Signal.Questions] = questions;
        counts[Signal.Quotes] = quotes;
        counts[Signal.InlineCode] = inline;
        counts[Signal.Parentheses] = asides;
        counts[Signal.Variables] = variables;
        counts[Signal.NonAscii] = nonAscii;
        counts[Signal.NonLatinScript] = nonLatin;
    }

    private static bool IsSubscript(ReadOnlySpan<char> text, int i) =>
        i > 0 && i + 1 < text.Length && (text[i + 1] == '{' || (Alone(text, i - 1) && char.IsAsciiLetterOrDigit(text[i + 1])));

    /// <summary>A single letter between characters that are neither letters nor digits, other than the words "a" and "I".</summary>
    private static bool Alone(ReadOnlySpan<char> text, int i) =>
        text[i] is not ('a' or 'I')
        && (i == 0 || !(char.IsLetterOrDigit(text[i - 1]) || text[i - 1] is '\'' or '’' or '\\'))
        && (i + 1 == text.Length || !char.IsLetterOrDigit(text[i + 1]));
}
