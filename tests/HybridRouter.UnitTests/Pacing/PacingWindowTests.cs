using HybridRouter.Configuration;
using HybridRouter.Pacing;
using HybridRouter.Quota;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Pacing;

/// <summary>A daily limit and a team that works from eight to four, asking for twice the limit.</summary>
public sealed class PacingWindowTests
{
    private const double Limit = 2000 * SimulatedPrompts.MeanTokens;

    [Fact]
    public void Run_OfficeHours_TheLimitLastsToTheEveningAndIsUsed()
    {
        var days = Run(days: 4);

        // The first day it is kept for a night in which nobody comes; then that is known.
        Assert.InRange(days[0].Used, 0.4, 0.7);
        Assert.All(days.Skip(1), d => Assert.InRange(d.Used, 0.95, 1));
        Assert.All(days.Skip(1), d => Assert.InRange(d.UsedByTwo, 0.65, 0.85));
    }

    [Fact]
    public void Run_OfficeHours_TheHardestAreChosenAllDay()
    {
        var last = Run(days: 4)[^1];

        // Half of the demand fits: about those above the median, in the morning as in the afternoon.
        Assert.InRange(last.Morning, 0.35, 0.6);
        Assert.InRange(last.Afternoon, 0.35, 0.6);
    }

    private static List<(double Used, double UsedByTwo, double Morning, double Afternoon)> Run(int days)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2030, 1, 7, 0, 0, 0, TimeSpan.Zero));
        var pacer = new PoolPacer("cloud", () => 1, time);
        var rule = PacingRule.From(new PacingOptions(), 0.5f, priced: false);
        var results = new List<(double, double, double, double)>();
        for (var day = 0; day < days; day++)
        {
            var (left, byTwo, cutoffs) = (Limit, 0.0, new List<(double Hour, double Cutoff)>());
            var midnight = new DateTimeOffset(2030, 1, 7 + day, 0, 0, 0, TimeSpan.Zero);
            foreach (var prompt in SimulatedPrompts.Steady(4000 / (8 * 3600.0), 8 * 3600, seed: day))
            {
                var now = midnight.AddHours(8).AddSeconds(prompt.At);
                time.SetUtcNow(now);
                pacer.Update([new QuotaOutlook([new QuotaLine(MeterUnit.Tokens, left, Limit, 0, midnight.AddDays(1) - now)])], TimeSpan.FromSeconds(30));
                var use = new ExpectedUse(prompt.Tokens);
                var paced = pacer.Cutoff(rule, use);
                pacer.Observe(paced, prompt.Score, use);
                if (prompt.Score >= paced.Cutoff.Value && left >= prompt.Tokens)
                    left -= prompt.Tokens;
                if (now.Hour < 14)
                    byTwo = 1 - (left / Limit);
                cutoffs.Add((now.TimeOfDay.TotalHours, pacer.Read()!.Cutoff));
            }
            results.Add((1 - (left / Limit), byTwo, Mean(cutoffs, 9, 12), Mean(cutoffs, 12, 15)));
        }
        return results;
    }

    private static double Mean(List<(double Hour, double Cutoff)> cutoffs, double from, double until) => cutoffs.Where(c => c.Hour >= from && c.Hour < until).Average(c => c.Cutoff);
}
