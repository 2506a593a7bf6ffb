using System.Buffers;

namespace HybridRouter.Triage.Features;

/// <summary>One pass over the lines of the window: code, examples, sections, traces, logs, diffs, prose sentences.</summary>
internal static class LineScanner
{
    private static readonly SearchValues<char> SentenceEnds = SearchValues.Create(".?!。？");

    public static void Scan(ReadOnlySpan<char> text, SignalCounts counts)
    {
        int lines = 0, blank = 0, bullets = 0, fences = 0, code = 0, indented = 0, prose = 0, codeChars = 0, proseChars = 0, lastProse = 0;
        var inFence = false;
        foreach (var range in text.Split('\n'))
        {
            var raw = text[range].TrimEnd();
            var line = raw.TrimStart();
            lines++;
            if (line.IsEmpty)
            {
                blank++;
                continue;
            }
            if (line.StartsWith("```") || line.StartsWith("~~~"))
            {
                inFence = !inFence;
                fences++;
                continue;
            }
            Mark(line, counts);
            if (line[0] is '-' or '*' or '•' && line.Length > 2 && line[1] == ' ')
                bullets++;
            var indent = raw.Length - line.Length;
            if (indent >= 8)
                indented++;
            if (inFence || LooksLikeCode(line, indent))
            {
                code++;
                codeChars += line.Length;
                continue;
            }
            prose++;
            proseChars += line.Length;
            lastProse = line.Length;
            Sentences(line, counts);
        }
        counts[Signal.Lines] = lines;
        counts[Signal.BlankLines] = blank;
        counts[Signal.Bullets] = bullets;
        counts[Signal.CodeFences] = fences;
        counts[Signal.CodeShare] = (double)codeChars / Math.Max(1, codeChars + proseChars);
        counts[Signal.Indentation] = indented;
        counts[Signal.LongProse] = proseChars;
        counts[Signal.CodeThenShortAsk] = codeChars > 300 && proseChars < 160 ? 1 : 0;
    }

    private static void Mark(ReadOnlySpan<char> line, SignalCounts counts)
    {
        switch (line[0] | 0x20)
        {
            case '>' when line.StartsWith(">>>"):
            case 'e' when StartsWith(line, "example") || StartsWith(line, "explanation"):
            case 'i' when StartsWith(line, "input:"):
            case 's' when StartsWith(line, "sample"):
                counts[Signal.Examples]++;
                break;
            case 'a' when StartsWith(line, "assert"):
                counts[Signal.Asserts]++;
                break;
            case '\'' when line.StartsWith("\'\'\'"):
            case '/' when line.StartsWith("///") || line.StartsWith("/**"):
                counts[Signal.Docstring]++;
                break;
            case '+' or '-' or 'd' when line.StartsWith("+++ ") || line.StartsWith("--- ") || line.StartsWith("diff --git"):
            case '@' or '`' when line.StartsWith("@@ "):
                counts[Signal.Diff]++;
                break;
        }
        if (IsOption(line))
            counts[Signal.Options]++;
        if (IsSection(line))
            counts[Signal.ContestSections]++;
        if (IsTrace(line))
            counts[Signal.StackTrace]++;
        if (IsSignature(line))
            counts[Signal.Signature]++;
        if (line.Length > 19 && char.IsAsciiDigit(line[0]) && (line[4] == '-' || line[..19].Contains(':')))
            counts[Signal.LogLines]++;
        if (line.Contains("->", StringComparison.Ordinal) && line.Length < 80)
            counts[Signal.Examples]++;
        if (line.Contains("\"\"\"", StringComparison.Ordinal))
            counts[Signal.Docstring]++;
        if (line.Contains('/'))
            Slashes(line, counts);
    }

    /// <summary>"A. ..", "(b) ..", "C) ..": an answer to choose.</summary>
    private static bool IsOption(ReadOnlySpan<char> line)
    {
        if (line[0] == '(')
            line = line[1..];
        return line.Length > 2 && (line[0] | 0x20) is >= 'a' and <= 'f' && line[1] is '.' or ')' && line[2] == ' ';
    }

    private static bool IsSection(ReadOnlySpan<char> line) => line.Length < 24 && (line[0] | 0x20) switch
    {
        'i' => StartsWith(line, "input"),
        'o' => StartsWith(line, "output"),
        'c' => StartsWith(line, "constraint"),
        'n' => StartsWith(line, "note"),
        's' => StartsWith(line, "sample") || StartsWith(line, "scoring"),
        'l' => StartsWith(line, "limits"),
        _ => false,
    };

    private static bool IsTrace(ReadOnlySpan<char> line) => line[0] switch
    {
        'a' => line.StartsWith("at ") && line.Contains('('),
        'F' => line.StartsWith("File \""),
        'T' => line.StartsWith("Traceback"),
        'C' => line.StartsWith("Caused by"),
        'g' => line.StartsWith("goroutine "),
        'p' => line.StartsWith("panic:"),
        '#' => line.Length > 2 && char.IsAsciiDigit(line[1]) && line[2] == ' ',
        _ => false,
    };

    private static bool IsSignature(ReadOnlySpan<char> line) => line[0] switch
    {
        'd' => line.StartsWith("def "),
        'a' => line.StartsWith("async def "),
        'f' => line.StartsWith("func ") || line.StartsWith("fn ") || line.StartsWith("function "),
        'e' => line.StartsWith("export "),
        'p' => line.StartsWith("public ") || line.StartsWith("private ") || line.StartsWith("pub fn "),
        's' => line.StartsWith("static ") || line.StartsWith("struct "),
        'c' => line.StartsWith("class "),
        'i' => line.StartsWith("interface "),
        't' => line.StartsWith("template<"),
        _ => false,
    };

    private static void Slashes(ReadOnlySpan<char> line, SignalCounts counts)
    {
        if (line.Contains("://", StringComparison.Ordinal))
            counts[Signal.Urls]++;
        var paths = 0;
        for (var i = 1; i < line.Length - 1 && paths < 8; i++)
        {
            if (line[i] != '/' || !char.IsAsciiLetterOrDigit(line[i - 1]) || !char.IsAsciiLetter(line[i + 1]))
                continue;
            paths++;
            while (i < line.Length && line[i] != ' ')
                i++;
        }
        counts[Signal.FilePaths] += paths;
    }

    private static bool LooksLikeCode(ReadOnlySpan<char> line, int indent)
    {
        if (line[^1] is ';' or '{' or '}' || line is [.., ')', ':'])
            return true;
        var starts = line[0] switch
        {
            '/' => line.StartsWith("//"),
            '#' => line.StartsWith("#include"),
            'i' => line.StartsWith("import "),
            'f' => line.StartsWith("from ") && line.Contains(" import ", StringComparison.Ordinal),
            'u' => line.StartsWith("using "),
            'r' => line.StartsWith("return "),
            '>' => line.StartsWith(">>>"),
            '<' => line.StartsWith("</"),
            '@' => true,
            _ => false,
        };
        return starts
            || (IsSignature(line) && line.IndexOfAny('(', '{', ':') > 0)
            || (indent >= 4 && line.IndexOfAny("=(){};") >= 0)
            || (line.Contains(" = ", StringComparison.Ordinal) && line.Contains('('));
    }

    private static void Sentences(ReadOnlySpan<char> line, SignalCounts counts)
    {
        for (var start = 0; start < line.Length;)
        {
            var end = start;
            for (; end < line.Length - 1; end++)
            {
                var at = line[end..^1].IndexOfAny(SentenceEnds);
                end = at < 0 ? line.Length - 1 : end + at;
                if (at < 0 || line[end] >= 128 || line[end + 1] == ' ')
                    break;
            }
            counts[Signal.Sentences]++;
            counts.Raise(Signal.LongestSentence, end - start);
            start = end + 1;
        }
    }

    private static bool StartsWith(ReadOnlySpan<char> line, string lowerCase) => line.StartsWith(lowerCase, StringComparison.OrdinalIgnoreCase);
}
