using HybridRouter.Triage.Data;

namespace HybridRouter.Triage.Training;

/// <summary>The stated rule for the cutoff that is stored with a model.</summary>
internal static class CutoffRule
{
    public const string Statement = "best balanced accuracy on cross-validated training scores, smoothed over neighbouring cutoffs";

    /// <summary>Most that training with traffic moves the cutoff at once, either way.</summary>
    public const float MaxStep = 0.05f;

    public const string SameFalseLocalStatement = "as many hard training rows stay local, cross-validated, as with the cutoff of the model it replaces; at most 0.05 from that";

    /// <summary>
    /// The highest cutoff within <see cref="MaxStep"/> of the replaced one at which no more high rows stay local than before: traffic changes who is
    /// told from whom, not how much is risked. Steps of 0.01.
    /// </summary>
    /// <param name="before">Scores of the same rows without the traffic.</param>
    /// <param name="replaced">Cutoff of the model that is to be replaced, 0..1.</param>
    public static float SameFalseLocal(IReadOnlyList<DatasetRow> rows, IReadOnlyList<float> scores, IReadOnlyList<float> before, float replaced)
    {
        var risked = KeptLocal(rows, before, replaced);
        for (var step = 5; step >= -5; step--)
        {
            var cutoff = Math.Clamp(replaced + (step * MaxStep / 5), 0, 1);
            if (KeptLocal(rows, scores, cutoff) <= risked)
                return cutoff;
        }
        return Math.Max(0, replaced - MaxStep);
    }

    private static int KeptLocal(IReadOnlyList<DatasetRow> rows, IReadOnlyList<float> scores, float cutoff) =>
        rows.Zip(scores).Count(x => x.First.Label == true && x.Second < cutoff);

    /// <summary>
    /// The score with the best balanced accuracy (mean of the shares of high and of low rows told right), smoothed over
    /// neighbouring cutoffs so that one row cannot decide it. Steps of 0.01 between 0.2 and 0.8.
    /// </summary>
    public static float BestBalancedAccuracy(IReadOnlyList<DatasetRow> rows, IReadOnlyList<float> scores)
    {
        var accuracy = new double[61];
        for (var step = 0; step <= 60; step++)
            accuracy[step] = BalancedAccuracy(rows, scores, CutoffAt(step));
        var best = 30;
        var bestMean = double.MinValue;
        for (var step = 0; step <= 60; step++)
        {
            var from = Math.Max(0, step - 2);
            var to = Math.Min(60, step + 2);
            var mean = accuracy[from..(to + 1)].Average();
            if (mean > bestMean + 1e-9)
                (best, bestMean) = (step, mean);
        }
        return CutoffAt(best);
    }

    private static float CutoffAt(int step) => (20 + step) / 100f;

    private static double BalancedAccuracy(IReadOnlyList<DatasetRow> rows, IReadOnlyList<float> scores, float cutoff)
    {
        double highs = 0, lows = 0, highsRight = 0, lowsRight = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            if (rows[i].Label == true)
            {
                highs++;
                highsRight += scores[i] >= cutoff ? 1 : 0;
            }
            else
            {
                lows++;
                lowsRight += scores[i] < cutoff ? 1 : 0;
            }
        }
        return ((highsRight / Math.Max(1, highs)) + (lowsRight / Math.Max(1, lows))) / 2;
    }
}
