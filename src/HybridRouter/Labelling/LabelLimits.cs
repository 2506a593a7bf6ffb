namespace HybridRouter.Labelling;

/// <summary>What one run may use; null = no such limit.</summary>
/// <param name="Prompts">Prompts that are begun.</param>
/// <param name="Tokens">Input and output together.</param>
/// <param name="Usd">US dollars, at the prices given.</param>
/// <param name="PriceIn">US dollars for a million input tokens; 0 = not known.</param>
/// <param name="PriceOut">The same for output, reasoning included.</param>
internal sealed record LabelLimits(long? Prompts = null, long? Tokens = null, decimal? Usd = null, decimal PriceIn = 0, decimal PriceOut = 0)
{
    /// <summary>US dollars, not rounded.</summary>
    public decimal Price(TokenUse use) => ((use.Input * PriceIn) + (use.Output * PriceOut)) / 1_000_000m;
}

/// <summary>Tokens of a call: what it used, or the most that it can.</summary>
internal readonly record struct TokenUse(long Input, long Output)
{
    public long Total => Input + Output;
}
