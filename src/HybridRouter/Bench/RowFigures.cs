using HybridRouter.Simulator;

namespace HybridRouter.Bench;

/// <summary>One line of the report. Shares are 0..1, times seconds of the simulated world.</summary>
/// <param name="Answered">Good answers within the deadline; with <paramref name="Refused"/> and <paramref name="Late"/> all requests.</param>
/// <param name="Upstream429">Requests that the simulated cloud refused, retries included.</param>
/// <param name="QuotaUsed">Tokens that the cloud really counted for what it began during the trace, over all that it could have given.</param>
/// <param name="LocalShare">Of the answered.</param>
/// <param name="Quality">Mean over the requests whose prompt was measured; no answer counts as zero. Null: none was.</param>
internal sealed record RowFigures(
    string Row,
    int Load,
    int Requests,
    int Answered,
    int Refused,
    int Late,
    long Upstream429,
    double QuotaUsed,
    WaitFigures Wait,
    double LocalShare,
    double? Quality)
{
    public static RowFigures From(string row, Trace trace, IReadOnlyList<Outcome> outcomes, SimulatedCloudState cloud, RowSetting setting)
    {
        Outcome[] answered = [.. outcomes.Where(o => o.Ending == Ending.Answered)];
        return new RowFigures(
            row,
            trace.Load,
            outcomes.Count,
            answered.Length,
            outcomes.Count(o => o.Ending == Ending.Refused),
            outcomes.Count(o => o.Ending == Ending.Late),
            cloud.Accounts.Sum(a => a.Seen - a.Accepted),
            UsedDuring(trace.Length, outcomes, cloud, setting.Scenario) / setting.Quota.Available(trace.Length),
            WaitFigures.Of([.. answered.Select(o => WaitOf(o, setting.Scenario).TotalSeconds).Order()]),
            answered.Length == 0 ? 0 : (double)answered.Count(o => o.Local) / answered.Length,
            MeanQuality(outcomes));
    }

    /// <summary>Time that was not the model's own: queues, retries, and the machine.</summary>
    public static TimeSpan WaitOf(Outcome outcome, QuotaScenario scenario)
    {
        var service = (outcome.Local ? scenario.LocalSpeed : scenario.CloudSpeed).Of(outcome.Answer!.OutputTokens);
        return outcome.Elapsed > service ? outcome.Elapsed - service : TimeSpan.Zero;
    }

    /// <summary>Requests that wait at the end of the trace are served by quota that flowed in after it; they do not count.</summary>
    private static double UsedDuring(TimeSpan length, IReadOnlyList<Outcome> outcomes, SimulatedCloudState cloud, QuotaScenario scenario)
    {
        var after = outcomes.Where(o => o.CloudTokens > 0 && o.Request.At + WaitOf(o, scenario) > length).Sum(o => o.CloudTokens);
        return cloud.Accounts.Sum(a => a.InputTokens + a.OutputTokens) - after;
    }

    private static double? MeanQuality(IReadOnlyList<Outcome> outcomes)
    {
        double[] qualities = [.. outcomes.Where(o => o.Request.Prompt.Measured).Select(QualityOf)];
        return qualities.Length == 0 ? null : qualities.Average();
    }

    private static double QualityOf(Outcome outcome)
    {
        var prompt = outcome.Request.Prompt;
        return outcome.Ending != Ending.Answered ? 0 : outcome.Local ? prompt.Weak!.Value : prompt.Strong!.Value;
    }
}

/// <summary>Seconds that answered requests waited; null when none was answered.</summary>
internal readonly record struct WaitFigures(double? P50, double? P95, double? P99)
{
    /// <param name="sorted">Ascending.</param>
    public static WaitFigures Of(IReadOnlyList<double> sorted) => new(At(sorted, 50), At(sorted, 95), At(sorted, 99));

    /// <summary>Nearest rank: the smallest value that at least so many percent do not exceed.</summary>
    private static double? At(IReadOnlyList<double> sorted, int percent) =>
        sorted.Count == 0 ? null : sorted[((sorted.Count * percent) + 99) / 100 - 1];
}
