using HybridRouter.Configuration;
using HybridRouter.Pacing;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Pacing;

/// <summary>Real pacers in front of a simulated pool, on a clock that the trace drives.</summary>
internal sealed record PacingSimulation
{
    /// <summary>Tokens that the pool refills each second: two requests of mean size.</summary>
    public const double PerSecond = 2 * SimulatedPrompts.MeanTokens;

    public const float Configured = 0.5f;

    /// <summary>Seconds of refill that a full bucket holds.</summary>
    public double CapacitySeconds { get; init; } = 60;

    public double PatienceSeconds { get; init; } = 30;

    /// <summary>Tokens reserved for each that is used.</summary>
    public double Reserve { get; init; } = 1.1;

    /// <summary>Tokens that the pacer is told for each that is used.</summary>
    public double Expect { get; init; } = 1;

    /// <summary>Shares of the traffic of the replicas.</summary>
    public double[] Replicas { get; init; } = [1];

    /// <summary>Without: the cutoff stays where it is configured.</summary>
    public PacingOptions Options { get; init; } = new();

    public SimulationFigures Run(IReadOnlyList<SimulatedPrompt> prompts, double seconds)
    {
        var time = new FakeTimeProvider();
        var start = time.GetUtcNow();
        var pacers = Replicas.Select(_ => new PoolPacer("cloud", () => Replicas.Length, time)).ToArray();
        var cloud = new SimulatedCloudPool(PerSecond, CapacitySeconds * PerSecond, PatienceSeconds, Reserve);
        var rule = PacingRule.From(Options, Configured, priced: false);
        var random = new Random(7);
        var (quality, refused, cutoffs) = (0.0, 0, new List<(double At, double Cutoff)>());
        foreach (var prompt in prompts)
        {
            cloud.PassTo(prompt.At);
            time.SetUtcNow(start.AddSeconds(prompt.At));
            var replica = Pick(random);
            var pacer = pacers[replica];
            if (pacer.IsDue)
                pacer.Update([cloud.Outlook(replica)], TimeSpan.FromSeconds(PatienceSeconds));
            var use = new ExpectedUse(prompt.Tokens * Expect);
            var paced = pacer.Cutoff(rule, use);
            if (paced.IsPaced)
                pacer.Observe(paced, prompt.Score, use);
            if (replica == 0)
                cutoffs.Add((prompt.At, pacer.Read()?.Cutoff ?? Configured));
            var toCloud = prompt.Score >= paced.Cutoff.Value;
            var served = toCloud && cloud.Ask(prompt, replica);
            if (toCloud && !served)
                refused++;
            quality += served ? SimulatedPrompts.CloudQuality : prompt.Local;
        }
        cloud.PassTo(seconds);
        var used = cloud.Used;
        cloud.PassTo(seconds + 3600);
        cloud.Waits.Sort();
        return new SimulationFigures(
            used / (PerSecond * (seconds + CapacitySeconds)), used / (PerSecond * seconds), quality / prompts.Count, (double)cloud.Waits.Count / prompts.Count, refused, cloud.Waits, cutoffs);
    }

    private int Pick(Random random)
    {
        var at = random.NextDouble() * Replicas.Sum();
        for (var i = 0; ; i++)
        {
            if ((at -= Replicas[i]) < 0 || i == Replicas.Length - 1)
                return i;
        }
    }
}

/// <param name="QuotaUsed">Of all that the pool could give: the full bucket at the start, and the refill.</param>
/// <param name="RefillUsed">Beside the refill alone: above 1 while the first stock lasts.</param>
/// <param name="Refused">Meant for the cloud, but the wait would have been too long: answered locally, whatever their score.</param>
/// <param name="Waits">Ascending.</param>
/// <param name="Cutoffs">Of the first replica, for a request of the usual size.</param>
internal sealed record SimulationFigures(
    double QuotaUsed, double RefillUsed, double Quality, double CloudShare, int Refused, IReadOnlyList<double> Waits, IReadOnlyList<(double At, double Cutoff)> Cutoffs)
{
    public double Wait(double share) => Waits.Count == 0 ? 0 : Waits[Math.Min(Waits.Count - 1, (int)(share * Waits.Count))];

    public IReadOnlyList<double> CutoffsFrom(double seconds, double until = double.MaxValue) => [.. Cutoffs.Where(c => c.At >= seconds && c.At < until).Select(c => c.Cutoff)];
}
