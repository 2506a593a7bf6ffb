namespace HybridRouter.Triage.Features;

/// <summary>The shape of a prompt. The same signal means different things in each: a number in a quiz is a calculation, in a contest a bound.</summary>
internal enum PromptFormat
{
    Other,
    Contest,
    Stub,
    Quiz,
    WordProblem,
    Question,
}

/// <summary>Tells the shape of a prompt by its signals, and writes the signals that depend on it.</summary>
internal static class FormatFeatures
{
    /// <summary>Signals that are written once more for each shape.</summary>
    public static readonly Signal[] Crossed =
        [Signal.LongProse, Signal.WordVariety, Signal.LongestSentence, Signal.Numbers, Signal.LargestNumber, Signal.Sentences, Signal.Variables, Signal.CodeShare];

    public static readonly int Count = Enum.GetValues<PromptFormat>().Length * Crossed.Length;

    public static string NameOf(int index) =>
        $"{SignalNames.Of(Crossed[index % Crossed.Length])} in {InWords((PromptFormat)(index / Crossed.Length))}";

    public static int IndexOf(PromptFormat format, int crossed) => ((int)format * Crossed.Length) + crossed;

    public static PromptFormat Of(SignalCounts counts)
    {
        if (counts[Signal.Options] >= 3)
            return PromptFormat.Quiz;
        if (counts[Signal.ContestSections] >= 2 || counts[Signal.Bounds] >= 1 || counts[Signal.Examples] >= 3)
            return PromptFormat.Contest;
        if (counts[Signal.Signature] > 0 && counts[Signal.Docstring] > 0)
            return PromptFormat.Stub;
        if (counts[Signal.CodeShare] > 0.1 || counts[Signal.CodeFences] > 0 || counts[Signal.InlineCode] > 1)
            return PromptFormat.Other;
        if (counts[Signal.Numbers] >= 2 && counts[Signal.Operators] < 6 && counts[Signal.Signature] == 0)
            return PromptFormat.WordProblem;
        return counts[Signal.Questions] > 0 ? PromptFormat.Question : PromptFormat.Other;
    }

    private static string InWords(PromptFormat format) => format switch
    {
        PromptFormat.Contest => "a contest problem",
        PromptFormat.Stub => "a function to fill in",
        PromptFormat.Quiz => "a question with options",
        PromptFormat.WordProblem => "a word problem",
        PromptFormat.Question => "a plain question",
        _ => "other text",
    };
}
