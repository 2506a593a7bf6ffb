using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace HybridRouter.Triage.Features;

/// <summary>
/// Cuts the window into clauses and counts, near its start and its end, what their words say about them: what is no part of a task stands
/// before or behind it. One pass; what does not fit stays one last clause.
/// </summary>
internal static class ClauseScanner
{
    public const int MaxClauses = 640;

    /// <summary>So many characters from either end the words are looked at; in between only what repeats.</summary>
    public const int OuterChars = 500;

    private static readonly SearchValues<char> Ends = SearchValues.Create(".?!:。？！");
    private static readonly SearchValues<char> CodeMarks = SearchValues.Create("(=;{`\\");

    /// <returns>Clauses written.</returns>
    public static int Scan(ReadOnlySpan<char> text, Clause[] clauses)
    {
        var (count, block) = (0, 0);
        bool inFence = false, comment = false;
        for (var start = 0; start < text.Length;)
        {
            var length = text[start..].IndexOf('\n');
            var end = length < 0 ? text.Length : start + length;
            if (count + 1 == MaxClauses)
                end = text.Length;
            var line = text[start..end].TrimStart(" \t");
            var isFence = !line.IsEmpty && (line[0] is '`' or '~') && (line.StartsWith("```") || line.StartsWith("~~~"));
            var isComment = IsComment(line);
            if (line.IsEmpty || isFence || isComment != comment)
                block++;
            comment = isComment;
            inFence ^= isFence;
            if (isFence || (inFence && !isComment) || line.IsEmpty || count + 1 == MaxClauses)
                clauses[count++] = new Clause { Start = start, End = end, Block = block, Code = !line.IsEmpty, StartsLine = true, Letters = line.Length };
            else
                count = CutLine(text, start, end, new Clause { Block = block, Comment = isComment, StartsLine = true }, clauses, count);
            clauses[count - 1].EndsLine = true;
            start = end + 1;
        }
        return count;
    }

    private static int CutLine(ReadOnlySpan<char> text, int start, int end, Clause line, Clause[] clauses, int count)
    {
        line.Log = IsLog(text[start..end].TrimStart());
        var outer = start < OuterChars || end > text.Length - OuterChars;
        while (start < end)
        {
            ref var clause = ref clauses[count++];
            clause = line with { Start = start };
            var whole = line.Log || count + 1 >= MaxClauses;
            clause.End = outer ? Read(text[..end], start, ref clause, whole) : Skip(text[..end], start, ref clause, whole);
            clause.Hash = HashOf(text[start..clause.End].TrimEnd(' '));
            start = clause.End;
            line.StartsLine = false;
        }
        return count;
    }

    /// <summary>Reads to the end of the clause, blanks after it included.</summary>
    private static int Read(ReadOnlySpan<char> text, int start, ref Clause clause, bool whole)
    {
        var i = start;
        while (i < text.Length)
        {
            var c = text[i];
            if (WordHash.Letter(c) != ' ')
            {
                i = ReadWord(text, i, ref clause);
                continue;
            }
            i++;
            switch (c)
            {
                case '(' or '=' or ';' or '{' or '`' or '\\':
                    clause.Code |= c != '(' || (i > 1 && char.IsAsciiLetterOrDigit(text[i - 2]));
                    break;
                case '.' or '?' or '!' or ':' or '。' or '？' or '！':
                    clause.Asks |= c is '?' or '？';
                    clause.OpensTask |= clause.Asks;
                    if (whole || (i < text.Length && text[i] != ' ' && c < 128))
                        break;
                    while (i < text.Length && text[i] == ' ')
                        i++;
                    return i;
            }
        }
        return i;
    }

    /// <summary>The same without a look at the words: such a clause counts as part of the task unless it repeats.</summary>
    private static int Skip(ReadOnlySpan<char> text, int start, ref Clause clause, bool whole)
    {
        var i = start;
        for (var rest = text[i..]; !whole && rest.IndexOfAny(Ends) is var at and >= 0; rest = text[i..])
        {
            i += at + 1;
            if (i < text.Length && text[i] != ' ' && rest[at] < 128)
                continue;
            while (i < text.Length && text[i] == ' ')
                i++;
            return Close(i, text, ref clause);
        }
        return Close(text.Length, text, ref clause);

        static int Close(int end, ReadOnlySpan<char> text, ref Clause clause)
        {
            var read = text[clause.Start..end];
            // By sign bits and not by branches: where a word ends cannot be foretold.
            var letters = 0u;
            foreach (var c in read)
                letters += (((uint)((c | 0x20) - 'a') - 26) >> 31) | ((127u - c) >> 31);
            clause.Letters = (int)letters;
            clause.Code = read.ContainsAny(CodeMarks);
            clause.OpensTask = true;
            clause.Words = 1;
            return end;
        }
    }

    private static uint HashOf(ReadOnlySpan<char> text)
    {
        var hash = (uint)text.Length;
        foreach (var four in MemoryMarshal.Cast<char, ulong>(text))
            hash = BitOperations.Crc32C(hash, four);
        for (var i = text.Length & ~3; i < text.Length; i++)
            hash = BitOperations.Crc32C(hash, text[i]);
        return WordHash.Finish(hash);
    }

    private static int ReadWord(ReadOnlySpan<char> text, int start, ref Clause clause)
    {
        uint hash = WordHash.Basis, before = 0;
        var i = start;
        for (; i < text.Length; i++)
        {
            var letter = (char)(text[i] | 0x20);
            if ((uint)(letter - 'a') > 'z' - 'a' && (letter = WordHash.Letter(text[i])) == ' ')
            {
                if (text[i] != '\'' || i + 1 == text.Length || WordHash.Letter(text[i + 1]) == ' ')
                    break;
                letter = '\'';
            }
            before = hash;
            hash = WordHash.Step(hash, letter);
        }
        var word = WordHash.Finish(WordHash.IsPlural(text[start..i]) ? before : hash);
        var kind = AsideWords.Of(word);
        if (clause.Words++ == 0)
            clause.OpensTask |= (kind & AsideWord.Task) != 0;
        clause.Letters += i - start;
        if (i - start > 1 && (kind & AsideWord.Stop) == 0)
            clause.Content++;
        if (kind == AsideWord.None)
            return i;
        clause.Handling += (kind & AsideWord.Handling) != 0 ? 1 : 0;
        clause.Notice += (kind & AsideWord.Notice) != 0 ? 1 : 0;
        clause.Closes |= (kind & AsideWord.Closing) != 0;
        clause.MarksIrrelevant |= (kind & AsideWord.Irrelevant) != 0;
        return i;
    }

    private static bool IsComment(ReadOnlySpan<char> line) => !line.IsEmpty && line[0] switch
    {
        '/' => line.StartsWith("//") || line.StartsWith("/*"),
        '*' => line.Length == 1 || line[1] is ' ' or '/' or '*',
        '#' => line.Length == 1 || line[1] == ' ',
        '-' => line.Length > 1 && line[1] == '-',
        ';' => true,
        '<' => line.StartsWith("<!--"),
        _ => false,
    };

    /// <summary>A time or date first, perhaps in brackets.</summary>
    private static bool IsLog(ReadOnlySpan<char> line)
    {
        if (line.Length < 16)
            return false;
        if (line[0] == '[')
            line = line[1..];
        return char.IsAsciiDigit(line[0]) && char.IsAsciiDigit(line[1]) && (line[2] == ':' || (line[4] is '-' or '/' && char.IsAsciiDigit(line[5])));
    }
}
