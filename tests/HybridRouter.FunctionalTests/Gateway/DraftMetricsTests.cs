using System.Globalization;
using System.Text.RegularExpressions;
using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.Local;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>What <c>/metrics</c> tells of drafts.</summary>
[Collection(nameof(AloneCollection))]
public sealed class DraftMetricsTests
{
    [Fact]
    public async Task Metrics_ObservedAndEscalated_CountFindingsByName()
    {
        await using var draft = await DraftUpstream.StartAsync();
        draft.Text = "I'm sorry, but I can't help with that.";
        await using var gateway = await StartAsync(o =>
        {
            o.Local.Engines[0].BaseUrl = draft.BaseUrl;
            o.Routing.Profiles["default"] = new RouteProfileOptions { DraftCheck = new() { Mode = DraftCheckMode.Escalate } };
        });
        // Gateways that ran before in this process left their counts.
        var (findings, escalations) = await CountsAsync(gateway);
        Assert.Equal("cloud", Route(await gateway.ChatAsync("easy")));
        Assert.Equal("local", Route(await gateway.ChatAsync("easy", model: "local")));

        await Eventually.TrueAsync(async () => await CountsAsync(gateway) == (findings + 2, escalations + 1), "both drafts are counted, and one escalation");
    }

    private static async Task<(double Findings, double Escalations)> CountsAsync(TestGateway gateway)
    {
        var metrics = await TextAsync(await gateway.Http.GetAsync(new Uri("metrics", UriKind.Relative)));
        double Sum(string series) => Regex.Matches(metrics, $"^hybridrouter_draft_{series} (?<value>[0-9.E+]+)", RegexOptions.Multiline).Sum(m => double.Parse(m.Groups["value"].Value, CultureInfo.InvariantCulture));
        return (Sum("""findings_[a-z_]*\{.*finding="refusal".*\}"""), Sum("""escalations_[a-z_]*(\{.*\})?"""));
    }
}
