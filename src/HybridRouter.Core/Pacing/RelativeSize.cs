using HybridRouter.Quota;

namespace HybridRouter.Pacing;

/// <summary>
/// How large a request is beside the usual one of its pool, within bounds: a request of half the usual size is worth a token
/// at half the score.
/// </summary>
internal readonly record struct RelativeSize(double Tokens, double MicroDollars)
{
    /// <summary>The bounds: size says how much a score is worth, it must not outweigh the score.</summary>
    public const double Smallest = 0.5, Largest = 2;

    public static readonly RelativeSize Usual = new(1, 1);

    /// <param name="usualTokens">0: not known yet.</param>
    public static RelativeSize Of(in ExpectedUse use, double usualTokens, double usualMicroDollars) =>
        new(Beside(use.Tokens, usualTokens), Beside(use.MicroDollars, usualMicroDollars));

    public double Of(MeterUnit unit) => unit switch
    {
        MeterUnit.Tokens => Tokens,
        MeterUnit.MicroDollars => MicroDollars,
        _ => 1,
    };

    private static double Beside(double amount, double usual) => usual > 0 ? Math.Clamp(amount / usual, Smallest, Largest) : 1;
}
