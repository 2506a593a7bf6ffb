using HybridRouter.Triage.Evaluation;

namespace HybridRouter.UnitTests.Pacing;

/// <summary>One request of a simulated trace.</summary>
/// <param name="At">Seconds after the start.</param>
/// <param name="Score">Chance that the local model fails, as triage sees it.</param>
/// <param name="Local">Quality of the local answer; the cloud's is <see cref="SimulatedPrompts.CloudQuality"/>.</param>
/// <param name="Tokens">What it really uses in the cloud.</param>
internal sealed record SimulatedPrompt(double At, float Score, double Local, double Tokens);

/// <summary>
/// Traces with known truth. Half of the prompts are too hard for the local model; scores are drawn so that they are calibrated
/// and tell hard from easy with an AUC of 0.80, as the shipped classifier does. Sizes are log-normal.
/// </summary>
internal static class SimulatedPrompts
{
    public const double CloudQuality = 0.97;
    public const double MeanTokens = 1200;

    /// <summary>Poisson arrivals.</summary>
    public static List<SimulatedPrompt> Steady(double perSecond, double seconds, int seed) => Draw([new Phase(seconds, perSecond)], seed);

    /// <summary>One load, then another, then the first again.</summary>
    public static List<SimulatedPrompt> Step(double low, double high, double seconds, int seed) => Draw([new(seconds, low), new(seconds, high), new(seconds, low)], seed);

    /// <summary>Quiet phases and bursts of five times their rate take turns, their lengths exponential around 40 and 15 s (a Markov-modulated Poisson process).</summary>
    public static List<SimulatedPrompt> Bursts(double meanPerSecond, double seconds, int seed)
    {
        var random = new Random(seed);
        var phases = new List<Phase>();
        for (var (left, burst) = (seconds, false); left > 0; burst = !burst)
        {
            var length = Math.Min(left, -(burst ? 15 : 40) * Math.Log(1 - random.NextDouble()));
            phases.Add(new Phase(length, burst ? 5 : 1));
            left -= length;
        }
        var scale = meanPerSecond * seconds / phases.Sum(p => p.Seconds * p.PerSecond);
        return Draw([.. phases.Select(p => p with { PerSecond = p.PerSecond * scale })], seed + 1);
    }

    /// <summary>A request every so often, its score the next of a fixed, even series: no chance in it at all.</summary>
    public static List<SimulatedPrompt> Clockwork(double perSecond, double seconds, Func<int, float> score) =>
        [.. Enumerable.Range(0, (int)(perSecond * seconds)).Select(i => new SimulatedPrompt(i / perSecond, score(i), 0, MeanTokens))];

    public static double Auc(IReadOnlyList<SimulatedPrompt> prompts) =>
        HybridRouter.Triage.Evaluation.Ranking.Auc(prompts.Select(p => ((double)p.Score, p.Local == 0)))!.Value;

    private static List<SimulatedPrompt> Draw(IReadOnlyList<Phase> phases, int seed)
    {
        const double apart = 1.19, spread = 0.8;
        var random = new Random(seed);
        var prompts = new List<SimulatedPrompt>();
        var start = 0.0;
        foreach (var phase in phases)
        {
            for (var at = Gap(random, phase); at < phase.Seconds; at += Gap(random, phase))
            {
                var hard = random.NextDouble() < 0.5;
                var signal = Normal(random) + (hard ? apart / 2 : -apart / 2);
                var tokens = MeanTokens * Math.Exp((spread * Normal(random)) - (spread * spread / 2));
                prompts.Add(new SimulatedPrompt(start + at, (float)(1 / (1 + Math.Exp(-apart * signal))), hard ? 0 : 1, Math.Ceiling(tokens)));
            }
            start += phase.Seconds;
        }
        return prompts;
    }

    private static double Gap(Random random, Phase phase) => -Math.Log(1 - random.NextDouble()) / phase.PerSecond;

    /// <summary>Box and Muller.</summary>
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private sealed record Phase(double Seconds, double PerSecond);
}
