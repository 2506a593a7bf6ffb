using System.Text.Json;
using HybridRouter.Bench;
using HybridRouter.Demo;
using HybridRouter.Verbs;

namespace HybridRouter.FunctionalTests.Bench;

/// <summary>The whole bench with a trace of seconds: real gateways, simulated clouds. What it measures is not judged here.</summary>
public sealed class BenchQuotaTests
{
    private static readonly QuotaScenario Tiny = new()
    {
        Keys = 2,
        RequestsPerKeyMinute = 8,
        Loads = [1, 3],
        Length = TimeSpan.FromSeconds(40),
        Deadline = TimeSpan.FromSeconds(30),
        Speed = 20,
    };

    /// <summary>Easy and hard ones, so that both routes are taken.</summary>
    private static readonly IReadOnlyList<BenchPrompt> Prompts = [.. DemoPrompts.All.Select(p => new BenchPrompt(p.Text, Weak: 0.5, Strong: 1))];

    [Fact]
    public async Task Run_TinyTrace_EachRowAccountsForEveryRequest()
    {
        var lines = new List<string>();

        var report = await new BenchQuota(Prompts, Tiny, lines.Add).RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(Tiny.Loads.SelectMany(load => QuotaRow.All.Select(row => (load, row.Name))), report.Rows.Select(r => (r.Load, r.Row)));
        Assert.All(report.Rows, row => Assert.Equal(row.Requests, row.Answered + row.Refused + row.Late));
        Assert.All(report.Rows.GroupBy(r => r.Load), load => Assert.Single(load.Select(r => r.Requests).Distinct()));
        Assert.All(report.Rows, row => Assert.InRange(row.QuotaUsed, 0.01, 1.01));
        Assert.Equal(3, lines.Count);
        Assert.Equal(4, report.Aims.Count);
    }

    [Fact]
    public async Task Run_TinyTrace_ColumnsAreThoseOfWhoAnswered()
    {
        var report = await new BenchQuota(Prompts, Tiny, _ => { }).RunAsync(TestContext.Current.CancellationToken);
        RowFigures Row(QuotaRow row) => report.Rows.Single(r => r.Load == 3 && r.Row == row.Name);

        Assert.All((QuotaRow[])[QuotaRow.OneKey, QuotaRow.RoundRobin], row => Assert.Equal((0, true), (Row(row).LocalShare, Row(row).Upstream429 > 0)));
        Assert.InRange(Row(QuotaRow.OneKey).QuotaUsed, 0.01, 0.51);
        Assert.True(Row(QuotaRow.RoundRobin).QuotaUsed > Row(QuotaRow.OneKey).QuotaUsed);
        Assert.All((QuotaRow[])[QuotaRow.FixedCutoff, QuotaRow.MovingCutoff], row => Assert.InRange(Row(row).LocalShare, 0.01, 1));
        Assert.All(report.Rows, row => Assert.Equal((row.Answered - (0.5 * row.LocalShare * row.Answered)) / row.Requests, row.Quality!.Value, 6));
        var json = JsonSerializer.Serialize(report, VerbKit.Json);
        Assert.DoesNotContain("bench-key", json, StringComparison.Ordinal);
        Assert.Equal(8, JsonDocument.Parse(json).RootElement.GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public async Task Run_Cancelled_Ends()
    {
        using var stop = new CancellationTokenSource();

        var running = new BenchQuota(Prompts, Tiny with { Length = TimeSpan.FromHours(1) }, _ => stop.Cancel()).RunAsync(stop.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }
}
