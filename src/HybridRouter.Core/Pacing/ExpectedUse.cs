using HybridRouter.Quota;

namespace HybridRouter.Pacing;

/// <summary>What one request is expected to take of a cloud model's limits.</summary>
/// <param name="Tokens">Input and output together.</param>
/// <param name="MicroDollars">0 for a model without a price.</param>
public readonly record struct ExpectedUse(double Tokens, double MicroDollars = 0)
{
    /// <summary>In a unit that is paced; each request is one request.</summary>
    internal double Of(MeterUnit unit) => unit switch
    {
        MeterUnit.Tokens => Tokens,
        MeterUnit.MicroDollars => MicroDollars,
        _ => 1,
    };
}

/// <summary>Requests, tokens and money are paced, by their number in <see cref="MeterUnit"/>; slots free themselves and are not.</summary>
internal static class PacedUnit
{
    public const int Count = 3;
}
