using HybridRouter.Simulator;

namespace HybridRouter.Bench;

/// <summary>
/// Plays the same bursty trace, at several multiples of the quota, to each way of using the same keys, and tells what
/// came of it. The clouds and the engine are simulated, the gateway is the real one; everything talks HTTP on loopback.
/// </summary>
/// <param name="progress">Takes a line now and then.</param>
internal sealed class BenchQuota(IReadOnlyList<BenchPrompt> prompts, QuotaScenario scenario, Action<string> progress)
{
    public async Task<QuotaReport> RunAsync(CancellationToken cancellationToken)
    {
        using var clock = new ScaledTimeProvider(scenario.Speed, TimeProvider.System);
        await using var governor = new ClockGovernor(clock);
        await PlayAllAsync(scenario.WarmUp(), clock, cancellationToken);
        var (quota, rows) = await PlayAllAsync(scenario, clock, cancellationToken);
        return new QuotaReport(scenario, prompts.Count, quota, rows, QuotaAims.Judge(rows), await governor.StopAsync());
    }

    private async Task<(KeyQuota Quota, IReadOnlyList<RowFigures> Rows)> PlayAllAsync(QuotaScenario played, TimeProvider clock, CancellationToken cancellationToken)
    {
        var generator = new TraceGenerator(prompts, played);
        var setting = new RowSetting(played, KeyQuota.For(played, generator.Costs), clock);
        var rows = new List<RowFigures>();
        foreach (var load in played.Loads)
        {
            var trace = generator.Generate(setting.Quota, load);
            progress($"{load}x: {trace.Requests.Count} requests in {played.Length.TotalMinutes:0.#} minutes, {played.Speed:0.#} times as fast");
            rows.AddRange(await PlayAsync(trace, setting, cancellationToken));
        }
        return (setting.Quota, rows);
    }

    /// <summary>All rows at the same time: each has its own clouds, and the machine treats them alike.</summary>
    private static async Task<RowFigures[]> PlayAsync(Trace trace, RowSetting setting, CancellationToken cancellationToken)
    {
        var stands = new List<RowStand>();
        try
        {
            foreach (var row in QuotaRow.All)
                stands.Add(await row.OpenAsync(setting, cancellationToken));
            return await Task.WhenAll(stands.Select((stand, i) => PlayAsync(QuotaRow.All[i].Name, stand, trace, setting, cancellationToken)));
        }
        finally
        {
            foreach (var stand in stands)
                await stand.DisposeAsync();
        }
    }

    private static async Task<RowFigures> PlayAsync(string row, RowStand stand, Trace trace, RowSetting setting, CancellationToken cancellationToken)
    {
        var outcomes = await new TracePlayer(setting.Clock, setting.Scenario.Deadline).PlayAsync(trace, stand.Client, cancellationToken);
        return RowFigures.From(row, trace, outcomes, await SettledAsync(stand.Cloud, cancellationToken), setting);
    }

    /// <summary>Requests whose client left are settled a moment later.</summary>
    private static async Task<SimulatedCloudState> SettledAsync(SimulatedCloud cloud, CancellationToken cancellationToken)
    {
        while (true)
        {
            var state = cloud.State;
            if (state.Accounts.All(a => a.InFlight == 0))
                return state;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
    }
}
