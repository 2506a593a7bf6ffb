using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.Gateway;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Verbs;
using static HybridRouter.FunctionalTests.Gateway.TrafficRig;

namespace HybridRouter.FunctionalTests.Labelling;

/// <summary><c>label --traffic</c>, beside the gateway that keeps the prompts and serves the teacher.</summary>
public sealed class LabelTrafficTests : IDisposable
{
    private readonly TrafficRig _rig = new();

    private string Out => Path.Combine(_rig.Folder, "graded.jsonl");

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Label_Traffic_JudgesWhatIsKeptAndNeverItsOwnRequests()
    {
        _rig.Learning.KeepPrompts = true;
        await using var gateway = await StartAsync();
        string[] ids = [await AskAsync(gateway, "easy"), await AskAsync(gateway, "another easy one")];
        await Eventually.TrueAsync(() => _rig.Requests() == 2, "both are written");

        var first = await RunAsync(gateway, "--json");
        await Eventually.TrueAsync(() => _rig.Requests() == 4, "the requests for grades are kept, too");
        var second = await RunAsync(gateway, "--json", "--resume");

        Assert.True(first.Exit == 0, first.ToString());
        Assert.Equal(2, (int)JsonNode.Parse(first.Output)!["run"]!["graded"]!);
        Assert.Equal((2, 0), ((int)JsonNode.Parse(second.Output)!["run"]!["before"]!, (int)JsonNode.Parse(second.Output)!["run"]!["graded"]!));
        Assert.Equal(ids.Order(), _rig.Samples().Select(s => s.RequestId).Order());
        // The simulated teacher: 0.02 and a thousandth for each character.
        Assert.Equal(0.02 + ($"easy {TestGateway.Marker}".Length / 1000.0), _rig.Samples().Single(s => s.RequestId == ids[0]).Target, 1e-9);
        Assert.DoesNotContain(TestGateway.Marker, await File.ReadAllTextAsync(Out, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Label_NoTraffic_SaysWhatToChange()
    {
        await using var gateway = await StartAsync();

        var end = await RunAsync(gateway);

        Assert.Equal(ExitCode.Failed, end.Exit);
        Assert.Contains("set learning.keepPrompts", end.Error, StringComparison.Ordinal);
    }

    private Task<TestGateway> StartAsync() => _rig.StartAsync(
        options =>
        {
            options.Routing.Profiles["teacher"] = new RouteProfileOptions { Mode = RouteMode.AlwaysCloud, OnPremFallback = false };
            options.Cloud.Providers[0].Models[0].Profile = "teacher";
        },
        cloud => cloud.Teacher = true);

    private async Task<(int Exit, string Output, string Error)> RunAsync(TestGateway gateway, params string[] more)
    {
        var config = Path.Combine(_rig.Folder, "hybridrouter.json");
        File.WriteAllText(config, $$"""{ "storage": { "path": {{JsonSerializer.Serialize(_rig.Folder)}} }, "learning": { "keepPrompts": true } }""");
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = await Cli.RunAsync(["label", "--traffic", "--out", Out, "--model", "big", "--config", config, "--url", $"{gateway.BaseUri}v1", "--api-key", TestGateway.ClientKey, .. more], output, error);
        return (exit, output.ToString(), error.ToString());
    }
}
