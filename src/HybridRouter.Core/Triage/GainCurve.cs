namespace HybridRouter.Triage;

/// <summary>
/// From the chance that a small local model fails to the expected gain of the cloud. Against a strong model that fails on the hardest
/// prompts too, the gain is greatest somewhat below them; quota is best spent there (RouteLLM measures the same as the
/// performance gap recovered). The chance that both fail is taken to grow with the fourth power of the chance that the small one fails.
/// </summary>
/// <param name="BothFail">Chance that the strong model fails on a prompt that the small one surely fails, 0..0.9. 0: the gain is the chance of failure.</param>
public readonly record struct GainCurve(double BothFail)
{
    private const int Power = 4;

    /// <param name="failure">Chance that the small model fails, 0..1.</param>
    /// <returns>Chance that the small model fails and the strong one does not, 0..1.</returns>
    public float Gain(float failure) => (float)(failure - (BothFail * Math.Pow(failure, Power)));
}
