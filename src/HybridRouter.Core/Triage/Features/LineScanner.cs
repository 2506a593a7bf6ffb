namespace HybridRouter.Triage.Features;

/// <summary>One pass over the lines of the window: code, examples, sections, traces, logs, diffs, prose sentences.</summary>
internal static class LineScanner
{
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
        if (line.StartsWith(">>>") || StartsWith(line, "example") || StartsWith(line, "sample") || StartsWith(line, "input:")
            || StartsWith(line, "explanation") || line.Contains("->", StringComparison.Ordinal) && line.Length < 80)
            counts[Signal.Examples]++;
        if (StartsWith(line, "assert") || line.Contains("expect(", StringComparison.Ordinal))
            counts[Signal.Asserts]++;
        if (line.Length < 24 && (StartsWith(line, "input") || StartsWith(line, "output") || StartsWith(line, "constraint") || StartsWith(line, "note")
            || StartsWith(line, "sample") || StartsWith(line, "limits") || StartsWith(line, "scoring")))
            counts[Signal.ContestSections]++;
        if (line.StartsWith("\"\"\"") || line.StartsWith("///") || line.StartsWith("/**") || line.StartsWith("'''") || line.Contains("\"\"\"", StringComparison.Ordinal))
            counts[Signal.Docstring]++;
        if (line.StartsWith("at ") && line.Contains('(') || line.StartsWith("File \"") || line.StartsWith("Traceback") || line.StartsWith("Caused by")
            || line.StartsWith("goroutine ") || line.StartsWith("panic:") || line.StartsWith("#0 ") || line.StartsWith("#1 "))
            counts[Signal.StackTrace]++;
        if (line.StartsWith("@@ ") || line.StartsWith("diff --git") || line.StartsWith("+++ ") || line.StartsWith("--- "))
            counts[Signal.Diff]++;
        if (line.Length > 19 && char.IsAsciiDigit(line[0]) && (line[..19].Contains(':') || line[4] == '-') || line.Contains(" INFO ", StringComparison.Ordinal)
            || line.Contains(" ERROR ", StringComparison.Ordinal) || line.Contains(" WARN ", StringComparison.Ordinal))
            counts[Signal.LogLines]++;
        if (line.Contains("://", StringComparison.Ordinal))
            counts[Signal.Urls]++;
        if (IsSignature(line))
            counts[Signal.Signature]++;
        counts[Signal.FilePaths] += CountPaths(line);
    }

    private static bool IsSignature(ReadOnlySpan<char> line) =>
        line.StartsWith("def ") || line.StartsWith("async def ") || line.StartsWith("func ") || line.StartsWith("fn ") || line.StartsWith("pub fn ")
        || line.StartsWith("function ") || line.StartsWith("export ") || line.StartsWith("public ") || line.StartsWith("private ") || line.StartsWith("static ")
        || line.StartsWith("class ") || line.StartsWith("interface ") || line.StartsWith("struct ") || line.StartsWith("template<");

    private static int CountPaths(ReadOnlySpan<char> line)
    {
        var paths = 0;
        for (var i = 1; i < line.Length - 1 && paths < 8; i++)
        {
            if (line[i] == '/' && char.IsAsciiLetterOrDigit(line[i - 1]) && char.IsAsciiLetter(line[i + 1]))
            {
                paths++;
                while (i < line.Length && line[i] != ' ')
                    i++;
            }
        }
        return paths;
    }

    private static bool LooksLikeCode(ReadOnlySpan<char> line, int indent) =>
        line[^1] is ';' or '{' or '}' || line is [.., ')', ':'] || line.StartsWith("//") || line.StartsWith("#include") || line.StartsWith("import ")
        || line.StartsWith("from ") && line.Contains(" import ", StringComparison.Ordinal) || line.StartsWith("using ") || line.StartsWith("return ")
        || line.StartsWith(">>>") || line.StartsWith('@') || line.StartsWith("</") || IsSignature(line) && line.IndexOfAny('(', '{', ':') > 0
        || indent >= 4 && line.IndexOfAny("=(){};") >= 0 || line.Contains(" = ", StringComparison.Ordinal) && line.IndexOf('(') > 0;

    private static void Sentences(ReadOnlySpan<char> line, SignalCounts counts)
    {
        var start = 0;
        for (var i = 0; i < line.Length; i++)
        {
            var end = line[i] is '。' or '？' || (line[i] is '.' or '?' or '!' && (i + 1 == line.Length || line[i + 1] == ' '));
            if (!end && i + 1 < line.Length)
                continue;
            counts[Signal.Sentences]++;
            counts.Raise(Signal.LongestSentence, i - start);
            start = i + 1;
        }
    }

    private static bool StartsWith(ReadOnlySpan<char> line, string lowerCase) => line.StartsWith(lowerCase, StringComparison.OrdinalIgnoreCase);
}
