namespace HybridRouter.Learning.Retraining;

/// <summary>
/// Judged traffic by time: the newest part is kept from training, as what comes next resembles it most. A split by chance would put
/// the same question, asked twice, on both sides.
/// </summary>
/// <param name="Training">Older than <paramref name="Before"/>.</param>
/// <param name="Unseen">Of that moment or later; what comes after it belongs here too.</param>
public sealed record TrafficSplit(IReadOnlyList<TrafficSample> Training, IReadOnlyList<TrafficSample> Unseen, DateTimeOffset Before)
{
    public const double UnseenShare = 0.3;

    /// <summary>Shares are of the weight and not of the number: else who floods would choose where the border lies.</summary>
    /// <param name="samples">Oldest first, at least one.</param>
    /// <param name="weights">Of each, after the caps.</param>
    public static TrafficSplit Of(IReadOnlyList<TrafficSample> samples, IReadOnlyList<double> weights)
    {
        var left = (1 - UnseenShare) * weights.Sum();
        var border = 0;
        while (border < samples.Count - 1 && left > 1e-9)
            left -= weights[border++];
        return At(samples, samples[border].At);
    }

    public static TrafficSplit At(IReadOnlyList<TrafficSample> samples, DateTimeOffset before) =>
        new([.. samples.Where(s => s.At < before)], [.. samples.Where(s => s.At >= before)], before);
}
