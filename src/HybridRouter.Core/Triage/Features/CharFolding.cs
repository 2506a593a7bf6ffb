using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace HybridRouter.Triage.Features;

/// <summary>
/// Writes the window into the buffer so that spellings that look the same are the same: nothing invisible, one kind of space and of
/// quotation mark, Latin lookalikes inside Latin words, short runs of marks and of blank lines.
/// </summary>
internal static class CharFolding
{
    /// <summary>Longest run of one mark that is kept: an ellipsis.</summary>
    private const int LongestRun = 3;

    private const int LongestWord = 40;

    /// <summary>Cyrillic and Greek letters that look like the Latin ones below them.</summary>
    private const string Lookalikes = "аеорсхуіјѕԁһԛԝАВЕКМНОРСТХУІЈЅαενορτυικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ";
    private const string Latin = "aeopcxyijsdhqwABEKMHOPCTXYIJSaevoptuikABEZHIKMNOPTYX";

    /// <summary>Appends <paramref name="source"/> to what was written before.</summary>
    /// <returns>Characters written so far.</returns>
    public static int Append(ReadOnlySpan<char> source, Span<char> text, int length)
    {
        for (var i = 0; i < source.Length; i++)
        {
            // Most lines are copied as they are; one more character each, so that runs over its end are seen.
            var plain = PlainAhead(source[i..]);
            if (plain > 0)
            {
                source.Slice(i, plain).CopyTo(text[length..]);
                length += plain;
                i += plain;
                if (i == source.Length)
                    return length;
            }
            var c = source[i];
            if (c >= 128)
            {
                c = Fold(source, i, text[..length]);
                if (c == '\0')
                    continue;
            }
            // Letters and digits repeat as they like.
            if (!char.IsAsciiLetterOrDigit(c))
            {
                if (c is '\n' or '\r')
                {
                    length = BreakLine(source, ref i, c, text, length);
                    continue;
                }
                if (length > 0 && text[length - 1] == c && IsTooMany(c, text[..length]))
                    continue;
            }
            text[length++] = c;
        }
        return length;
    }

    /// <summary>
    /// How many characters from the first on can be copied unread: printable ASCII, the first a letter or digit and the last followed by
    /// another of them, without a mark that stands twice in a row.
    /// </summary>
    private static int PlainAhead(ReadOnlySpan<char> source)
    {
        var i = 0;
        if (source.IsEmpty || !char.IsAsciiLetterOrDigit(source[0]))
            return 0;
        ref var first = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<char, ushort>(source));
        for (; i + Vector128<ushort>.Count < source.Length; i += Vector128<ushort>.Count)
        {
            var here = Vector128.LoadUnsafe(ref first, (nuint)i);
            var next = Vector128.LoadUnsafe(ref first, (nuint)i + 1);
            var letter = here | Vector128.Create((ushort)0x20);
            var word = Vector128.LessThanOrEqual(letter - Vector128.Create((ushort)'a'), Vector128.Create((ushort)25))
                | Vector128.LessThanOrEqual(here - Vector128.Create((ushort)'0'), Vector128.Create((ushort)9));
            var odd = Vector128.GreaterThan(here - Vector128.Create((ushort)' '), Vector128.Create((ushort)('~' - ' ')));
            if ((odd | (Vector128.Equals(here, next) & ~word)) != Vector128<ushort>.Zero)
                break;
        }
        // What is copied ends in a letter or digit: the rules on runs need look no farther back.
        while (i > 0 && !char.IsAsciiLetterOrDigit(source[i - 1]))
            i--;
        return i;
    }

    /// <summary>Ends the line without its trailing blanks; of several blank lines one is kept, of leading ones none.</summary>
    private static int BreakLine(ReadOnlySpan<char> source, ref int i, char c, Span<char> text, int length)
    {
        if (c == '\r' && i + 1 < source.Length && source[i + 1] == '\n')
            i++;
        while (length > 0 && text[length - 1] is ' ' or '\t')
            length--;
        if (length == 0 || (length > 1 && text[length - 1] == '\n' && text[length - 2] == '\n'))
            return length;
        text[length] = '\n';
        return length + 1;
    }

    private static bool IsTooMany(char c, ReadOnlySpan<char> written) => c switch
    {
        '!' or '?' => true,
        // Indentation stays.
        ' ' => !IsIndent(written),
        '.' or '-' or '=' or '_' or '*' or '#' or '~' or ',' => written.Length >= LongestRun && written[^2] == c && written[^3] == c,
        _ => false,
    };

    private static bool IsIndent(ReadOnlySpan<char> written)
    {
        var rest = written.TrimEnd(' ');
        return rest.IsEmpty || rest[^1] is '\n' or '\t';
    }

    /// <returns>The plain form of a character beyond ASCII, or NUL for one that is not seen.</returns>
    private static char Fold(ReadOnlySpan<char> source, int i, ReadOnlySpan<char> written)
    {
        var c = source[i];
        switch (c)
        {
            case '‘' or '’' or '‛' or '′':
                return '\'';
            case '“' or '”' or '„' or '‟' or '″':
                return '"';
            case '‐' or '‑':
                return '-';
            case '\u0085' or '\u2028' or '\u2029':
                return '\n';
            case >= '\uff01' and <= '\uff5e':
                return (char)(c - '\uff01' + '!');
            case >= '\u0370' and < '\u0560':
                return Lookalikes.IndexOf(c, StringComparison.Ordinal) is var at and >= 0 && IsInLatinWord(source, i, written) ? Latin[at] : c;
            case < '\u2000' and not '\u00a0' and not '\u00ad' and not '\u061c' and not '\u1680' and not '\u180e':
                return c;
        }
        return CharUnicodeInfo.GetUnicodeCategory(c) switch
        {
            UnicodeCategory.SpaceSeparator => ' ',
            UnicodeCategory.Format => '\0',
            _ => c is >= '\ufe00' and <= '\ufe0f' ? '\0' : c,
        };
    }

    /// <summary>Whether the run of letters around <paramref name="i"/> has a letter of ASCII. A whole word of another script is a word of it.</summary>
    private static bool IsInLatinWord(ReadOnlySpan<char> source, int i, ReadOnlySpan<char> written)
    {
        for (var k = written.Length - 1; k >= 0 && written.Length - k < LongestWord && char.IsLetter(written[k]); k--)
        {
            if (char.IsAsciiLetter(written[k]))
                return true;
        }
        for (var k = i + 1; k < source.Length && k - i < LongestWord && (char.IsLetter(source[k]) || IsUnseen(source[k])); k++)
        {
            if (char.IsAsciiLetter(source[k]))
                return true;
        }
        return false;
    }

    private static bool IsUnseen(char c) => c >= 128 && CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format;
}
