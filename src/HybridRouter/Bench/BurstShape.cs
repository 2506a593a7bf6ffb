namespace HybridRouter.Bench;

/// <param name="Quiet">Mean length of a quiet phase.</param>
/// <param name="Burst">Mean length of a burst.</param>
/// <param name="Ratio">Arrival rate in a burst over that in a quiet phase.</param>
internal sealed record BurstPattern(TimeSpan Quiet, TimeSpan Burst, double Ratio);

/// <summary>
/// When requests come: quiet phases and bursts take turns, their lengths exponential, as in a Markov-modulated Poisson
/// process (Fischer and Meier-Hellstern, "The Markov-modulated Poisson process cookbook", 1993).
/// </summary>
internal sealed class BurstShape
{
    private readonly List<Phase> _phases = [];
    private readonly double _weight;

    public BurstShape(BurstPattern pattern, TimeSpan length, Random random)
    {
        var burst = false;
        for (var at = 0.0; at < length.TotalSeconds; burst = !burst)
        {
            var mean = (burst ? pattern.Burst : pattern.Quiet).TotalSeconds;
            var seconds = Math.Min(-mean * Math.Log(1 - random.NextDouble()), length.TotalSeconds - at);
            var rate = burst ? pattern.Ratio : 1;
            _phases.Add(new Phase(at, seconds, rate, _weight));
            _weight += seconds * rate;
            at += seconds;
        }
    }

    /// <summary>The time by which this share (0..1) of all requests has come.</summary>
    public TimeSpan TimeOf(double share)
    {
        var wanted = share * _weight;
        var phase = _phases.FindLast(p => p.WeightBefore <= wanted);
        return TimeSpan.FromSeconds(phase.Start + Math.Min(phase.Seconds, (wanted - phase.WeightBefore) / phase.Rate));
    }

    private readonly record struct Phase(double Start, double Seconds, double Rate, double WeightBefore);
}
