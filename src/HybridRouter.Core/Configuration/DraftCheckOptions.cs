namespace HybridRouter.Configuration;

public enum DraftCheckMode
{
    /// <summary>Local answers are not looked at.</summary>
    Off,

    /// <summary>They pass as they are and are checked afterwards; what was found is counted.</summary>
    Observe,

    /// <summary>They are held back whole and checked; a doubtful one is thrown away and the cloud is asked.</summary>
    Escalate,
}

/// <summary>How the answers of local models are checked (docs/draft-check.md).</summary>
public sealed class DraftCheckOptions
{
    public DraftCheckMode Mode { get; set; } = DraftCheckMode.Off;

    /// <summary>Doubt at or above which a draft is thrown away, 0.01..1. Default 0.5.</summary>
    public double MinDoubt { get; set; } = 0.5;

    /// <summary>Ask models with the ability <c>LogProbs</c> for token log-probabilities; clients that did not ask do not see them. Default true.</summary>
    public bool LogProbs { get; set; } = true;

    /// <summary>Parse code blocks; Python, JavaScript and bash by their own programs where these are installed. Default true.</summary>
    public bool ParseCode { get; set; } = true;

    /// <summary>Longest time that an answer is held back, seconds, 1..600; then it is let through as it is. Default 60.</summary>
    public double MaxHoldSeconds { get; set; } = 60;

    /// <summary>Most of one answer that is held back, KiB, 64..262144; beyond it the answer is let through as it is. Default 8192.</summary>
    public int MaxHeldKiB { get; set; } = 8192;

    /// <summary>Mean log-probability (natural) of a token at or below which a draft is unsure, -20..0. Default -1.</summary>
    public double UnsureMeanLogProb { get; set; } = -1;

    /// <summary>A token at or below this log-probability (natural) is a guess, -20..0. Default -2.3: a chance of one in ten.</summary>
    public double GuessLogProb { get; set; } = -2.3;

    /// <summary>Share of guesses at or above which a draft is unsure, 0.01..1. Default 0.25.</summary>
    public double UnsureGuessShare { get; set; } = 0.25;
}
