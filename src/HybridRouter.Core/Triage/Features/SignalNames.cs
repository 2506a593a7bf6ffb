namespace HybridRouter.Triage.Features;

/// <summary>Signals in words, for explanations and the model card.</summary>
internal static class SignalNames
{
    private static readonly string[] Names = Build();

    public static string Of(Signal signal) => Names[(int)signal];

    private static string[] Build()
    {
        var names = new string[Enum.GetValues<Signal>().Length];
        foreach (var signal in Enum.GetValues<Signal>())
            names[(int)signal] = Describe(signal);
        return names;
    }

    private static string Describe(Signal signal) => signal switch
    {
        Signal.Length => "length of the prompt",
        Signal.Words => "words of prose",
        Signal.Sentences => "number of sentences",
        Signal.LongestSentence => "a long sentence",
        Signal.WordVariety => "varied vocabulary",
        Signal.WordLength => "long words",
        Signal.VeryShort => "a very short prompt",
        Signal.BeyondWindow => "text beyond the window",
        Signal.Lines => "number of lines",
        Signal.BlankLines => "paragraphs",
        Signal.Bullets => "bullet points",
        Signal.CodeFences => "fenced code",
        Signal.CodeShare => "share of code",
        Signal.InlineCode => "inline code",
        Signal.Indentation => "deep indentation",
        Signal.Signature => "a function signature",
        Signal.Docstring => "a doc comment",
        Signal.ContestSections => "input, output and constraint sections",
        Signal.Examples => "worked examples",
        Signal.Asserts => "assertions",
        Signal.Bounds => "stated bounds",
        Signal.LargestBound => "size of the largest bound",
        Signal.Numbers => "number of numbers",
        Signal.LargestNumber => "size of the largest number",
        Signal.SmallNumbersOnly => "only small numbers",
        Signal.MathNotation => "mathematical notation",
        Signal.Subscripts => "indexed variables",
        Signal.Ellipsis => "sequences with dots",
        Signal.Variables => "single-letter variables",
        Signal.Operators => "operators and brackets",
        Signal.Questions => "question marks",
        Signal.Quotes => "quoted text",
        Signal.Parentheses => "asides in brackets",
        Signal.StackTrace => "a stack trace",
        Signal.LogLines => "log lines",
        Signal.FilePaths => "file paths",
        Signal.Diff => "a diff",
        Signal.Urls => "links",
        Signal.NonAscii => "non-ASCII letters",
        Signal.NonLatinScript => "a non-Latin script",
        Signal.ContextTokens => "earlier context",
        Signal.EarlierTurns => "earlier turns",
        Signal.Tools => "tools on offer",
        Signal.ToolResults => "tool results so far",
        Signal.ShortAndConstrained => "a short ask with many conditions",
        Signal.BoundedAndOptimising => "optimising under large bounds",
        Signal.LongProse => "a long description",
        Signal.Options => "answer options",
        Signal.CodeThenShortAsk => "much code and a short ask",
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "has no name"),
    };
}
