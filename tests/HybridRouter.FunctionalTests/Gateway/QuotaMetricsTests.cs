using System.Globalization;
using System.Text.RegularExpressions;
using HybridRouter.Configuration;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>Instruments of one name are one metric in a process, and end with the first gateway that stops: no other runs beside these tests.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;

/// <summary>What <c>/metrics</c> tells of quota.</summary>
[Collection(nameof(AloneCollection))]
public sealed class QuotaMetricsTests
{
    /// <summary>A name of its own: the meters of all gateways in one process are read together.</summary>
    private const string Model = "big-of-the-quota-metrics";

    [Fact]
    public async Task Metrics_AfterTraffic_TellWhatIsLeftOfEachKeyByName()
    {
        await using var gateway = await QuotaApiTests.StartWithTwoKeysAsync(o =>
        {
            o.Cloud.Providers[0].Models[0].Name = Model;
            o.Routing.Profiles["default"] = new RouteProfileOptions { Economy = new EconomyOptions { CollapseBlankLines = true } };
        });
        for (var i = 0; i < 2; i++)
            await JsonAsync(await gateway.ChatAsync("hard" + string.Concat(Enumerable.Repeat(@"  \n", 60))));

        var metrics = "";
        await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(
            async () => Values(metrics = await TextAsync(await gateway.Http.GetAsync(new Uri("metrics", UriKind.Relative))), "hybridrouter_quota_remaining", ("model", Model)).Sum() is < 1979 and > 0,
            "the requests are counted");

        Assert.InRange(Values(metrics, "hybridrouter_quota_remaining", ("provider", "sky"), ("key", "main"), ("model", Model), ("limit", "rpd")).Single(), 988, 990);
        Assert.InRange(Values(metrics, "hybridrouter_quota_remaining", ("provider", "sky"), ("key", "spare"), ("model", Model), ("limit", "rpd")).Single(), 988, 990);
        foreach (var key in new[] { "main", "spare" })
        {
            Assert.Equal([1], Values(metrics, "hybridrouter_quota_key_ready", ("provider", "sky"), ("key", key), ("model", Model)));
            Assert.Equal([0], Values(metrics, "hybridrouter_quota_inflight", ("provider", "sky"), ("key", key), ("model", Model)));
        }
        Assert.Equal([0], Values(metrics, "hybridrouter_queue_waiting", ("provider", "sky"), ("model", Model)));
        Assert.InRange(Values(metrics, "hybridrouter_pacing_cutoff", ("model", Model), ("unit", "requests")).Single(), 0, 1);
        Assert.Contains(Values(metrics, "hybridrouter_tokens_saved"), saved => saved > 0);
        Assert.DoesNotContain(Marker, metrics);
    }

    /// <summary>Of all series of that name that have these labels.</summary>
    private static List<double> Values(string metrics, string name, params (string Label, string Value)[] labels) =>
    [
        .. metrics.Split('\n')
            .Select(line => Regex.Match(line, $$"""^{{name}}(?:_[a-z_]+)?(?<labels>\{.*\})? (?<value>[0-9.E+-]+)"""))
            .Where(m => m.Success && labels.All(l => m.Groups["labels"].Value.Contains($"{l.Label}=\"{l.Value}\"", StringComparison.Ordinal)))
            .Select(m => double.Parse(m.Groups["value"].Value, CultureInfo.InvariantCulture)),
    ];
}
