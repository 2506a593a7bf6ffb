namespace HybridRouter.Triage.Features;

/// <summary>A sentence, a part of one up to a colon, or a line of code; what is left of a line end is not part of it.</summary>
internal struct Clause
{
    public int Start;
    public int End;

    /// <summary>Lines without a blank one between them, and all comment or all not, share a block.</summary>
    public int Block;

    /// <summary>Of the text without the blanks after it.</summary>
    public uint Hash;
    public int Letters;
    public int Words;

    /// <summary>Words that say something.</summary>
    public int Content;
    public int Handling;
    public int Notice;
    public bool Closes;
    public bool MarksIrrelevant;
    public bool OpensTask;
    public bool Asks;
    public bool Code;
    public bool Comment;
    public bool Log;
    public bool StartsLine;
    public bool EndsLine;
    public bool Dropped;

    public readonly bool IsBlank => Start == End;

    /// <summary>Whether it mostly talks of the request and not of what is asked.</summary>
    public readonly bool IsHandling =>
        !Code && !Asks && Content is > 0 and <= 14 && 10 * Handling >= (OpensTask ? 7 : 6) * Content && !(StartsLine && EndsLine && Words == 1);

    /// <summary>Whether the words of notices are too many for an ask.</summary>
    public readonly bool IsNotice => !OpensTask && Notice >= 2 && 10 * Notice >= 3 * Words;
}
