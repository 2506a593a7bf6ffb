using HybridRouter.Configuration;

namespace HybridRouter.Drafts.Signs;

/// <summary>The model had little trust in its own tokens: on the mean, or in too many of them. Strength 0.5 at a threshold, 1 far beyond it.</summary>
internal static class Uncertainty
{
    /// <summary>Fewer tokens tell too little.</summary>
    private const int MinTokens = 16;

    public static double Strength(IReadOnlyList<float> logProbs, DraftCheckOptions options)
    {
        if (logProbs.Count < MinTokens)
            return 0;
        double sum = 0;
        var guesses = 0;
        foreach (var logProb in logProbs)
        {
            // A server that clips at minus infinity would drown all others.
            sum += Math.Max(logProb, -20f);
            guesses += logProb <= options.GuessLogProb ? 1 : 0;
        }
        return Math.Max(Beyond(-sum / logProbs.Count, -options.UnsureMeanLogProb), Beyond((double)guesses / logProbs.Count, options.UnsureGuessShare));
    }

    private static double Beyond(double value, double threshold) =>
        value < threshold ? 0 : threshold <= 0 ? 1 : Math.Min(1, 0.5 * value / threshold);
}
