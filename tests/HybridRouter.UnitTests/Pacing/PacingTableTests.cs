using System.Globalization;
using HybridRouter.Configuration;

namespace HybridRouter.UnitTests.Pacing;

/// <summary>The table of docs/pacing.md: bursty demand at 1, 2 and 4 times the quota, for ten minutes, the moving cutoff beside fixed ones.</summary>
public sealed class PacingTableTests(ITestOutputHelper output)
{
    private const double Seconds = 600;
    private static readonly int[] Seeds = [1, 2, 3];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Bursts_BesideFixedCutoffs_QualityIsHighestAndQuotaIsUsed(int load)
    {
        var moving = Mean(load, new PacingSimulation());
        var fixedOnes = new[] { 0.34, 0.5, 0.7 }.Select(c => (Cutoff: c, Figures: Mean(load, Fixed(c)))).ToList();

        output.WriteLine("| demand | cutoff | quota used | quality | answered by the cloud | refused by the queue | wait p50, p95, p99 |");
        Print(load, "moving", moving);
        foreach (var (cutoff, figures) in fixedOnes)
            Print(load, $"fixed {cutoff.ToString("0.00", CultureInfo.InvariantCulture)}", figures);

        Assert.Equal(0, moving.Refused);
        Assert.All(fixedOnes, f => Assert.True(moving.Quality > f.Figures.Quality, $"{moving.Quality} is not above {f.Figures.Quality} of {f.Cutoff}"));
        if (load == 4)
            Assert.InRange(moving.QuotaUsed, 0.98, 1);
    }

    private static PacingSimulation Fixed(double cutoff) => new() { Options = new PacingOptions { MinCutoff = cutoff, MaxCutoff = cutoff } };

    /// <summary>The demand is a multiple of all that the pool can give in the time, as in the bench.</summary>
    private static SimulationFigures Mean(int load, PacingSimulation simulation)
    {
        var perSecond = load * PacingSimulation.PerSecond / SimulatedPrompts.MeanTokens * (1 + (simulation.CapacitySeconds / Seconds));
        var runs = Seeds.Select(s => simulation.Run(SimulatedPrompts.Bursts(perSecond, Seconds, s), Seconds)).ToList();
        return new SimulationFigures(
            runs.Average(r => r.QuotaUsed), runs.Average(r => r.RefillUsed), runs.Average(r => r.Quality), runs.Average(r => r.CloudShare),
            runs.Sum(r => r.Refused), [.. runs.SelectMany(r => r.Waits).Order()], []);
    }

    private void Print(int load, string row, SimulationFigures figures) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"| {load}x | {row} | {figures.QuotaUsed * 100:0.0} % | {figures.Quality:0.000} | {figures.CloudShare * 100:0} % | {figures.Refused} | {figures.Wait(0.5):0.0}, {figures.Wait(0.95):0.0}, {figures.Wait(0.99):0.0} s |"));
}
