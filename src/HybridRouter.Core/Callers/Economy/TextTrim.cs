using System.Globalization;
using System.Text;

namespace HybridRouter.Callers.Economy;

/// <summary>Takes from a text what a model does not need. Null where nothing is to be taken.</summary>
internal static class TextTrim
{
    /// <summary>So many blank lines in a row become one; fewer can have a meaning.</summary>
    private const int BlankRun = 3;

    /// <summary>
    /// Shortens runs of three and more blank lines to one and takes spaces from line ends. Indentation is never touched, nor
    /// anything inside a code fence: an agent that edits files must find there what the file holds.
    /// </summary>
    public static string? CollapseBlankLines(string text)
    {
        var kept = new StringBuilder(text.Length);
        var (fenced, blanks, blankAt) = (false, 0, 0);
        for (var at = 0; at < text.Length;)
        {
            var end = text.IndexOf('\n', at);
            var next = end < 0 ? text.Length : end + 1;
            var line = text.AsSpan(at, next - at);
            var content = line.TrimEnd(" \t\r\n");
            var lineEnd = end < 0 ? "" : line.Length > 1 && line[^2] == '\r' ? "\r\n" : "\n";
            at = next;
            if (fenced || IsFence(content))
            {
                fenced ^= IsFence(content);
                blanks = 0;
                kept.Append(line);
                continue;
            }
            blanks = content.IsEmpty ? blanks + 1 : 0;
            if (blanks == 1)
                blankAt = kept.Length + lineEnd.Length;
            kept.Append(content).Append(lineEnd);
            if (blanks >= BlankRun)
                kept.Length = blankAt;
        }
        // Some servers refuse a message without any text.
        return kept.Length == text.Length || kept.Length == 0 ? null : kept.ToString();
    }

    /// <summary>Keeps the beginning and the end of a text that is longer, and says between them how much is missing.</summary>
    /// <param name="maxChars">Of the result, at least 200.</param>
    public static string? CutMiddle(string text, int maxChars)
    {
        if (text.Length <= maxChars)
            return null;
        var mark = Mark(text.Length);
        // A tool tells what it did first, and how it ended last.
        var head = (maxChars - mark.Length) * 2 / 3;
        var tail = text.Length - (maxChars - mark.Length - head);
        head -= char.IsHighSurrogate(text[head - 1]) ? 1 : 0;
        tail += char.IsLowSurrogate(text[tail]) ? 1 : 0;
        return string.Concat(text.AsSpan(0, head), Mark(tail - head), text.AsSpan(tail));
    }

    private static bool IsFence(ReadOnlySpan<char> line)
    {
        line = line.TrimStart();
        return line.StartsWith("```") || line.StartsWith("~~~");
    }

    private static string Mark(int missing) => string.Create(CultureInfo.InvariantCulture, $"\n[... {missing} characters of this tool result left out ...]\n");
}
