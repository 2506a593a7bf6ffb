namespace HybridRouter.Triage.Drift;

/// <summary>Tells each crossing of the alarm once. One that swings about it is not told again before it fell to four fifths. Not thread-safe.</summary>
/// <param name="alarm">Population stability index from which a feature counts as moved, above 0.</param>
public sealed class DriftAlarm(double alarm)
{
    private const double Rearm = 0.8;

    private readonly HashSet<string> _above = new(StringComparer.Ordinal);

    /// <returns>The features that crossed it since the last call, furthest first.</returns>
    public IReadOnlyList<FeatureDrift> Crossed(DriftReading reading)
    {
        var crossed = new List<FeatureDrift>();
        foreach (var feature in reading.Features)
        {
            if (feature.Psi >= alarm && _above.Add(feature.Feature))
                crossed.Add(feature);
            else if (feature.Psi < Rearm * alarm)
                _above.Remove(feature.Feature);
        }
        return [.. crossed.OrderByDescending(f => f.Psi)];
    }
}
