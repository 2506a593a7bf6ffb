using HybridRouter.Configuration;

namespace HybridRouter.UnitTests.Pacing;

/// <summary>The loop through demand, cutoff and level: it settles, does not swing, and uses what flows in.</summary>
public sealed class PacingStabilityTests
{
    /// <summary>Chance-free scores that fill 0..1 evenly.</summary>
    private static float Even(int i) => (float)(i * 0.618033988749894848 % 1);

    // A request is half a second of refill. Outside the calm range, a few that come close together move the cutoff by the last figure.
    [Theory]
    [InlineData(60, 30, 1, 0.03)]
    [InlineData(60, 0, 1, 0.03)]
    [InlineData(60, 30, 3, 0.03)]
    [InlineData(60, 30, 0.33, 0.08)]
    [InlineData(10, 30, 1, 0.06)]
    public void Run_SteadyDemand_RisesToItsPlaceAndStays(double capacitySeconds, double patience, double expect, double fewRequests)
    {
        var figures = new PacingSimulation { CapacitySeconds = capacitySeconds, PatienceSeconds = patience, Expect = expect, Reserve = 1 }
            .Run(SimulatedPrompts.Clockwork(8, 1800, Even), 1800);

        // From a full bucket it can only become stricter; a fall on the way would be a swing.
        Assert.InRange(LargestFall(figures.CutoffsFrom(30)), 0, fewRequests);
        var settled = figures.CutoffsFrom(600);
        Assert.InRange(settled.Max() - settled.Min(), 0, fewRequests);
        Assert.InRange(figures.CutoffsFrom(1700).Average(), 0.735, 0.765);
        Assert.Equal(0, figures.Refused);
    }

    [Fact]
    public void Run_SteadyDemandWithNoise_StaysInANarrowBand()
    {
        var figures = new PacingSimulation().Run(SimulatedPrompts.Steady(8, 3600, seed: 1), 3600);
        var settled = figures.CutoffsFrom(300);
        var mean = settled.Average();

        Assert.InRange(Math.Sqrt(settled.Average(c => (c - mean) * (c - mean))), 0, 0.05);
        Assert.InRange(settled.Max() - settled.Min(), 0, 0.35);
        Assert.InRange(figures.RefillUsed, 0.98, 1.02);
        Assert.Equal(0, figures.Refused);
    }

    [Fact]
    public void Run_StepOfLoad_GoesThereAndBackWithoutASwing()
    {
        var low = SimulatedPrompts.Clockwork(1, 900, Even);
        var high = SimulatedPrompts.Clockwork(8, 900, Even).Select(p => p with { At = p.At + 900 });
        var after = SimulatedPrompts.Clockwork(1, 900, Even).Select(p => p with { At = p.At + 1800 });
        var figures = new PacingSimulation { Reserve = 1 }.Run([.. low, .. high, .. after], 2700);

        Assert.Equal(0.25, figures.CutoffsFrom(600, 900).Max(), 2);
        Assert.InRange(LargestFall(figures.CutoffsFrom(900, 1800)), 0, 0.05);
        Assert.InRange(figures.CutoffsFrom(1100, 1800).Average(), 0.73, 0.77);
        Assert.InRange(LargestFall([.. figures.CutoffsFrom(1800).Reverse()]), 0, 0.03);
        Assert.Equal(0.25, figures.CutoffsFrom(2400).Max(), 2);
        Assert.Equal(0, figures.Refused);
        Assert.InRange(figures.Wait(0.99), 0, 10);
    }

    [Theory]
    [InlineData(new double[] { 1 })]
    [InlineData(new double[] { 1, 1 })]
    [InlineData(new double[] { 1, 1, 1 })]
    [InlineData(new double[] { 6, 2, 1 })]
    public void Run_Replicas_ShareTheRefillAndUseAllOfIt(double[] replicas)
    {
        var figures = new PacingSimulation { Replicas = replicas }.Run(SimulatedPrompts.Bursts(8, 3600, seed: 2), 3600);

        Assert.InRange(figures.RefillUsed, 0.98, 1.02);
        Assert.Equal(0, figures.Refused);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(2)]
    public void Run_ExpectedTokensAreWrong_UsesTheRefillAllTheSame(double expect)
    {
        var figures = new PacingSimulation { Expect = expect }.Run(SimulatedPrompts.Bursts(8, 3600, seed: 3), 3600);

        Assert.InRange(figures.RefillUsed, 0.98, 1.02);
        Assert.Equal(0, figures.Refused);
    }

    [Fact]
    public void Run_AllScoresEqual_PartOfThemGo()
    {
        var figures = new PacingSimulation { Reserve = 1 }.Run(SimulatedPrompts.Clockwork(8, 1800, _ => 0.6f), 1800);

        Assert.InRange(figures.RefillUsed, 0.98, 1.04);
        Assert.InRange(figures.CloudShare, 0.25, 0.27);
        var settled = figures.CutoffsFrom(300);
        Assert.InRange(settled.Min(), 0.59, 0.61);
        Assert.InRange(settled.Max(), 0.59, 0.61);
        Assert.Equal(0, figures.Refused);
    }

    [Fact]
    public void Run_DemandBelowTheRefill_GoesAsFarDownAsItMay()
    {
        var figures = new PacingSimulation().Run(SimulatedPrompts.Bursts(1, 1800, seed: 4), 1800);

        Assert.All(figures.CutoffsFrom(0), c => Assert.Equal(PacingSimulation.Configured / 2, c, 3));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.4)]
    public void Run_TargetCloudShare_IsKeptThoughQuotaIsLeft(double share)
    {
        var figures = new PacingSimulation { Options = new PacingOptions { TargetCloudShare = share } }.Run(SimulatedPrompts.Steady(2, 3600, seed: 5), 3600);

        Assert.InRange(figures.CloudShare, share - 0.02, share + 0.02);
    }

    [Theory]
    [InlineData(0.8)]
    [InlineData(0.9)]
    public void Run_TargetQuality_IsReachedAndNotExceeded(double quality)
    {
        var figures = new PacingSimulation { Options = new PacingOptions { TargetQuality = quality } }.Run(SimulatedPrompts.Steady(1, 7200, seed: 6), 7200);

        // The cloud is taken to be perfect; here it is not.
        var expected = quality - (figures.CloudShare * (1 - SimulatedPrompts.CloudQuality));
        Assert.InRange(figures.Quality, expected - 0.015, expected + 0.015);
    }

    [Fact]
    public void Run_TargetQualityAndNoQuotaForIt_QuotaWins()
    {
        var without = new PacingSimulation().Run(SimulatedPrompts.Steady(8, 1800, seed: 7), 1800);
        var figures = new PacingSimulation { Options = new PacingOptions { TargetQuality = 0.95 } }.Run(SimulatedPrompts.Steady(8, 1800, seed: 7), 1800);

        Assert.Equal(without.Quality, figures.Quality, 2);
        Assert.Equal(0, figures.Refused);
    }

    [Fact]
    public void Prompts_Scores_TellHardFromEasyAsTheShippedClassifierDoes() =>
        Assert.Equal(0.8, SimulatedPrompts.Auc(SimulatedPrompts.Steady(10, 2000, seed: 8)), 2);

    private static double LargestFall(IReadOnlyList<double> cutoffs)
    {
        var (highest, fall) = (double.MinValue, 0.0);
        foreach (var cutoff in cutoffs)
        {
            highest = Math.Max(highest, cutoff);
            fall = Math.Max(fall, highest - cutoff);
        }
        return fall;
    }
}
