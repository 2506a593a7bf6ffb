using System.Buffers;

namespace HybridRouter.Triage.Features;

/// <summary>
/// Leaves out of the window what is no part of the task: what was said before, talk about the request itself, licences, mail
/// footers, consent banners, rows of dots, logs that the writer calls irrelevant. Where nothing else would remain, everything stays.
/// Room is fixed. Not thread-safe.
/// </summary>
internal sealed class AsideFilter
{
    private const int Slots = 2048;

    /// <summary>Fewer letters than this are no task.</summary>
    private const int LeastLetters = 8;

    /// <summary>Shorter clauses may repeat.</summary>
    private const int LeastRepeated = 12;

    /// <summary>Letters of the longest line of an address below a closing.</summary>
    private const int LongestAddress = 60;

    private const int LongestSignature = ClauseScanner.OuterChars;

    /// <summary>Talk about the request stands before or behind it: this many clauses from either end are looked at for it.</summary>
    private const int Outer = 6;

    private static readonly SearchValues<char> Marks = SearchValues.Create(" .-=_*~·•…");

    private readonly Clause[] _clauses = new Clause[ClauseScanner.MaxClauses];
    private readonly uint[] _seen = new uint[Slots];
    private readonly byte[] _times = new byte[Slots];

    /// <returns>The length of what stays, at the start of <paramref name="text"/>.</returns>
    public int Apply(Span<char> text)
    {
        var clauses = _clauses.AsSpan(0, ClauseScanner.Scan(text, _clauses));
        DropRepeated(clauses);
        DropNotices(clauses);
        var previous = false;
        for (var i = 0; i < clauses.Length; i++)
        {
            ref var clause = ref clauses[i];
            // "score: 0.9": a value belongs to what it is the value of.
            var value = previous && clause is { StartsLine: false, Content: 0 };
            var outer = i < Outer || i >= clauses.Length - Outer;
            if ((outer && clause.IsHandling) || clause.IsNotice || value || (!clause.Comment && IsMarks(text[clause.Start..clause.End])))
                clause.Dropped = true;
            if (clause.MarksIrrelevant)
                DropLog(clauses, i);
            if (clause is { Closes: true, Content: <= 3 })
                DropAddress(text, clauses, i);
            previous = clause.Dropped;
        }
        DropSignature(text, clauses);
        var letters = 0;
        foreach (ref readonly var clause in clauses)
            letters += clause.Dropped ? 0 : clause.Letters;
        return letters < LeastLetters ? text.TrimEnd(" \t\n").Length : Close(text, clauses);
    }

    /// <summary>A clause of words that was seen before adds nothing; one that comes three times or more is padding.</summary>
    private void DropRepeated(Span<Clause> clauses)
    {
        Array.Clear(_seen);
        Array.Clear(_times);
        foreach (ref var clause in clauses)
        {
            if (!Repeats(clause))
                continue;
            var slot = SlotOf(clause.Hash);
            _seen[slot] = clause.Hash;
            clause.Dropped = _times[slot] > 0;
            _times[slot] = (byte)Math.Min(3, _times[slot] + 1);
        }
        foreach (ref var clause in clauses)
        {
            if (Repeats(clause) && _times[SlotOf(clause.Hash)] >= 3)
                clause.Dropped = true;
        }
    }

    private static bool Repeats(in Clause clause) => !clause.Code && !clause.Log && clause.Letters >= LeastRepeated;

    private int SlotOf(uint hash)
    {
        var slot = (int)(hash & (Slots - 1));
        while (_seen[slot] != 0 && _seen[slot] != hash)
            slot = (slot + 1) & (Slots - 1);
        return slot;
    }

    private static void DropNotices(Span<Clause> clauses)
    {
        for (var start = 0; start < clauses.Length;)
        {
            int end = start, words = 0, notice = 0;
            var asks = false;
            for (; end < clauses.Length && clauses[end].Block == clauses[start].Block; end++)
            {
                words += clauses[end].Words;
                notice += clauses[end].Notice;
                asks |= clauses[end].OpensTask;
            }
            // A comment is no ask, so fewer such words make it a licence.
            var enough = clauses[start].Comment ? 4 : 3;
            if (notice >= enough && 100 * notice >= (clauses[start].Comment ? 9 : 20) * words && !asks)
                Drop(clauses[start..end]);
            start = end;
        }
    }

    private static void DropLog(Span<Clause> clauses, int marker)
    {
        var at = marker + 1;
        while (at < clauses.Length && (clauses[at].IsBlank || !clauses[at].StartsLine))
            at++;
        var first = at;
        while (at < clauses.Length && clauses[at].Log)
            at++;
        if (at > first)
            Drop(clauses[marker..at]);
    }

    /// <summary>The name below a closing, and all that follows when nothing in it asks for anything: what is asked stands above it.</summary>
    private static void DropAddress(ReadOnlySpan<char> text, Span<Clause> clauses, int closing)
    {
        var asks = text.Length - clauses[closing].Start > LongestSignature;
        for (var at = closing; at < clauses.Length && !asks; at++)
            asks = clauses[at].OpensTask || clauses[at].Code;
        if (!asks)
        {
            Drop(clauses[closing..]);
            return;
        }
        while (closing < clauses.Length && !clauses[closing].IsBlank && clauses[closing].Letters <= LongestAddress && !clauses[closing].Code)
            clauses[closing++].Dropped = true;
    }

    /// <summary>From a line of two dashes to the end, as mail programs mark a signature.</summary>
    private static void DropSignature(ReadOnlySpan<char> text, Span<Clause> clauses)
    {
        for (var i = clauses.Length - 2; i > 0; i--)
        {
            if (text.Length - clauses[i].Start > LongestSignature)
                return;
            var dashes = clauses[i].StartsLine && text[clauses[i].Start..clauses[i].End] is "--" or "-- ";
            if (dashes && !text[clauses[i + 1].Start..].StartsWith("--"))
                Drop(clauses[i..]);
        }
    }

    private static void Drop(Span<Clause> clauses)
    {
        foreach (ref var clause in clauses)
            clause.Dropped = true;
    }

    /// <summary>Rows of dots and rules without a word.</summary>
    private static bool IsMarks(ReadOnlySpan<char> text) =>
        text.Length > 0 && !text.ContainsAnyExcept(Marks) && text.ContainsAnyExcept(' ');

    /// <summary>Moves what stays together, without lines and blank lines that became empty.</summary>
    private static int Close(Span<char> text, ReadOnlySpan<Clause> clauses)
    {
        var length = 0;
        var lineStart = 0;
        foreach (ref readonly var clause in clauses)
        {
            if (!clause.Dropped)
            {
                text[clause.Start..clause.End].CopyTo(text[length..]);
                length += clause.End - clause.Start;
            }
            if (!clause.EndsLine || clause.End == text.Length)
                continue;
            while (length > lineStart && text[length - 1] == ' ')
                length--;
            if (length == lineStart && (!clause.IsBlank || length < 2 || text[length - 2] == '\n'))
                continue;
            text[length++] = '\n';
            lineStart = length;
        }
        return text[..length].TrimEnd(" \t\n").Length;
    }
}
