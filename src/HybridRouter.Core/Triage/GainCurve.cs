namespace HybridRouter.Triage;

/// <summary>
/// From the chance that a small local model fails to the expected gain of the cloud. Against a strong model that fails on the hardest
/// prompts too, the gain is greatest somewhat below them; quota is best spent there (RouteLLM measures the same as the
/// performance gap recovered). The chance that both fail is taken to grow with the fourth power, which is how the judged rows fall.
/// </summary>
/// <param name="BothFail">Chance that the strong model fails on a prompt that the small one surely fails, 0..0.9. 0: the gain is the chance of failure.</param>
public readonly record struct GainCurve(double BothFail)
{
    private const int Power = 4;

    /// <param name="failure">Chance that the small model fails, 0..1.</param>
    /// <returns>Chance that the small model fails and the strong one does not, 0..1.</returns>
    public float Gain(float failure) => (float)(failure - (BothFail * Shape(failure)));

    /// <summary>Least squares over judged rows.</summary>
    /// <param name="rows">Estimated chance that the small model fails, and judged chance that the strong one fails too.</param>
    public static GainCurve Fit(IEnumerable<(double Failure, double StrongFailure)> rows)
    {
        double above = 0, below = 0;
        foreach (var (failure, strong) in rows)
        {
            above += strong * Shape(failure);
            below += Shape(failure) * Shape(failure);
        }
        return new GainCurve(below > 0 ? Math.Round(Math.Clamp(above / below, 0, 0.9), 3) : 0);
    }

    private static double Shape(double failure) => Math.Pow(failure, Power);
}
