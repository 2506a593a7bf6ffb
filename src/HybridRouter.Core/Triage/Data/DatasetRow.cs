namespace HybridRouter.Triage.Data;

/// <summary>One labelled or measured prompt.</summary>
/// <param name="Line">1-based line in its file.</param>
/// <param name="Label">True = high (cloud), false = low (local), null when the row only holds qualities.</param>
/// <param name="Difficulty">Chance that a small model fails, 0..1, where a writer judged it.</param>
/// <param name="Weak">Quality of a small model on this prompt, 0..1, where it was measured.</param>
/// <param name="Strong">Quality of a strong model, 0..1, where it was measured.</param>
public sealed record DatasetRow(
    int Line,
    string Id,
    string Prompt,
    bool? Label,
    double? Difficulty = null,
    double? Weak = null,
    double? Strong = null)
{
    /// <summary>Chance that a strong model fails too, 0..1, where a writer judged it.</summary>
    public double? StrongDifficulty { get; init; }

    /// <summary>Judged chance that the small model fails and the strong one does not. A row that says nothing of the strong model is taken as if it never failed.</summary>
    public double? JudgedGain => Difficulty - (StrongDifficulty ?? 0);

    public string Kind { get; init; } = "";

    public string Language { get; init; } = "";

    public string Human { get; init; } = "";

    /// <summary><c>group</c>, else <c>source</c>, else <see cref="Kind"/>: what AUCmacro averages over.</summary>
    public string Group { get; init; } = "";

    public int ContextTokens { get; init; }

    public int Turns { get; init; }

    public int Tools { get; init; }

    /// <summary>What triage would see of this row.</summary>
    public TriageInput ToInput() =>
        TriageInput.FromPrompt(Prompt) with { ContextTokens = ContextTokens, EarlierTurns = Turns, Tools = Tools };
}
