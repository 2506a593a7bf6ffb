using System.Text;

namespace HybridRouter.Drafts.Parsing;

/// <summary>A fenced block of an answer in Markdown.</summary>
/// <param name="Language">What stands after the fence, in lower case; empty = nothing.</param>
/// <param name="Code">Less the indentation of the fence.</param>
/// <param name="IsClosed">False: the answer ended inside it.</param>
internal sealed record CodeBlock(string Language, string Code, bool IsClosed)
{
    public static IEnumerable<CodeBlock> Find(string text)
    {
        var (fence, indent, language, code) = ("", 0, "", new StringBuilder());
        using var lines = new StringReader(text);
        while (lines.ReadLine() is { } line)
        {
            var bare = line.TrimStart();
            var marks = Marks(bare);
            if (fence.Length == 0)
            {
                // A fence of backticks with one behind it is code in a line.
                if (marks < 3 || (bare[0] == '`' && bare.AsSpan(marks).Contains('`')))
                    continue;
                (fence, indent, language) = (bare[..marks], line.Length - bare.Length, Word(bare[marks..]));
                code.Clear();
            }
            else if (marks >= fence.Length && bare[0] == fence[0] && bare.AsSpan(marks).IsWhiteSpace())
            {
                yield return new CodeBlock(language, code.ToString(), IsClosed: true);
                fence = "";
            }
            else
            {
                code.Append(line.AsSpan(Math.Min(indent, line.Length - bare.Length))).Append('\n');
            }
        }
        if (fence.Length > 0)
            yield return new CodeBlock(language, code.ToString(), IsClosed: false);
    }

    private static int Marks(string line)
    {
        var count = 0;
        while (count < line.Length && line[count] is '`' or '~' && line[count] == line[0])
            count++;
        return count;
    }

    /// <summary>The first word; some models write a file name or attributes behind it.</summary>
    private static string Word(string info)
    {
        info = info.Trim();
        var end = info.AsSpan().IndexOfAny(" \t{:,(");
        return (end < 0 ? info : info[..end]).ToLowerInvariant();
    }
}
