namespace HybridRouter.Triage;

/// <summary>
/// What triage sees of a request: a bounded window on the last user turn and bounded signals of everything else,
/// so that its cost does not grow with a pasted megabyte.
/// </summary>
public sealed record TriageInput
{
    /// <summary>Characters of the last user turn kept from its start.</summary>
    public const int HeadChars = 3_000;

    /// <summary>Characters of the last user turn kept from its end: the ask often follows a paste.</summary>
    public const int TailChars = 1_000;

    /// <summary>First <see cref="HeadChars"/> characters of the last user turn.</summary>
    public required string Head { get; init; }

    /// <summary>Last <see cref="TailChars"/> characters, not overlapping <see cref="Head"/>; empty for a short turn.</summary>
    public string Tail { get; init; } = "";

    /// <summary>Whole length of the last user turn in UTF-16 code units (an estimate from bytes for a very long one).</summary>
    public required int PromptChars { get; init; }

    /// <summary>Estimated tokens of everything before the last user turn, instructions and tool results included.</summary>
    public int ContextTokens { get; init; }

    /// <summary>User and assistant turns before the last user turn.</summary>
    public int EarlierTurns { get; init; }

    /// <summary>Tools offered to the model.</summary>
    public int Tools { get; init; }

    /// <summary>Tool results that follow the last user turn: how far an agent loop has run.</summary>
    public int ToolResults { get; init; }

    public static TriageInput FromPrompt(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        if (prompt.Length <= HeadChars)
            return new TriageInput { Head = prompt, PromptChars = prompt.Length };
        var tail = Math.Min(TailChars, prompt.Length - HeadChars);
        return new TriageInput { Head = prompt[..HeadChars], Tail = prompt[^tail..], PromptChars = prompt.Length };
    }
}
