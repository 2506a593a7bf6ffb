namespace HybridRouter.Configuration;

/// <summary>What the gateway keeps of its own traffic to learn from. Needs a storage folder; changes need a restart.</summary>
public sealed class LearningOptions
{
    public const int DefaultRetentionDays = 90;

    /// <summary>Length of <see cref="PromptKey"/> once decoded.</summary>
    public const int KeyBytes = 32;

    /// <summary>
    /// Keep the features, score, route and outcome of each request, and what callers say of answers. Default false: features tell which
    /// words occurred, so short prompts can be guessed from them, and that is for the operator to decide.
    /// </summary>
    public bool Enabled { get; set; }

    /// <summary>Days that traffic is kept, 1..3650. Default 90.</summary>
    public int RetentionDays { get; set; } = DefaultRetentionDays;

    /// <summary>Keep the text of prompts too, encrypted, to label it. Default false.</summary>
    public bool KeepPrompts { get; set; }

    /// <summary>
    /// Key that prompts are encrypted with, 32 bytes in base64: <c>env:NAME</c>, <c>file:PATH</c> or the text itself. Null: one made from
    /// <c>traffic.key</c> in the storage folder, which then protects only copies of the database without that file.
    /// </summary>
    public string? PromptKey { get; set; }

    public RetrainOptions Retrain { get; set; } = new();

    public DriftOptions Drift { get; set; } = new();

    /// <returns>Null when the text is not <see cref="KeyBytes"/> bytes in base64.</returns>
    public static byte[]? DecodeKey(string text)
    {
        var key = new byte[KeyBytes + 1];
        return Convert.TryFromBase64String(text.Trim(), key, out var length) && length == KeyBytes ? key[..KeyBytes] : null;
    }
}
