using System.Text.Json;
using HybridRouter.Triage.Registry;
using HybridRouter.UnitTests.Triage.Registry;
using HybridRouter.Verbs;

namespace HybridRouter.UnitTests.Verbs;

public sealed class ModelVerbTests : IDisposable
{
    private readonly RegistryRig _rig = new();
    private readonly string _config;

    public ModelVerbTests()
    {
        var storage = Path.GetDirectoryName(_rig.Folder)!;
        _config = Path.Combine(storage, "config.json");
        File.WriteAllText(_config, JsonSerializer.Serialize(new { storage = new { path = storage } }));
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Promote_Rollback_ByHand_AndList()
    {
        var version = await RegistryRig.AddAsync(_rig.Open(), 0);

        var refused = await RunAsync("promote");
        Assert.Equal(ExitCode.Failed, refused.Exit);
        Assert.Contains("No traffic is kept", refused.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, (await RunAsync("promote", "--force")).Exit);
        Assert.Equal(version, _rig.Open().Load().Version);

        var list = JsonDocument.Parse((await RunAsync("list", "--json")).Output).RootElement;
        Assert.True(list.GetProperty("registry").GetBoolean());
        Assert.Equal(["", "in force"], list.GetProperty("versions").EnumerateArray().Select(v => v.GetProperty("role").GetString()));
        Assert.Contains(version, (await RunAsync("list")).Output, StringComparison.Ordinal);
        Assert.Contains(version, (await RunAsync("show")).Output, StringComparison.Ordinal);

        var back = await RunAsync("rollback");
        Assert.Equal((ExitCode.Ok, $"The shipped model is in force again, in place of {version}."), (back.Exit, back.Output.Trim()));
        Assert.Null(_rig.Open().Load().Version);
        Assert.Equal(ExitCode.Failed, (await RunAsync("rollback")).Exit);
    }

    [Fact]
    public async Task Verbs_ModelPathIsSet_SayThatTheRegistryIsOff()
    {
        await RegistryRig.AddAsync(_rig.Open(), 0);
        File.WriteAllText(_config, JsonSerializer.Serialize(new { storage = new { path = Path.GetDirectoryName(_rig.Folder) }, triage = new { modelPath = ShippedModel } }));

        Assert.Contains("the registry is off", (await RunAsync("list")).Output, StringComparison.Ordinal);
        Assert.False(JsonDocument.Parse((await RunAsync("list", "--json")).Output).RootElement.GetProperty("registry").GetBoolean());
    }

    [Fact]
    public async Task Promote_NoCandidateOrNoSuchVersion_IsWrongUsage()
    {
        Assert.Equal(ExitCode.Usage, (await RunAsync("promote")).Exit);
        Assert.Equal(ExitCode.Usage, (await RunAsync("promote", "nonesuch")).Exit);
        Assert.Equal(ExitCode.Usage, (await RunAsync("show", "../..")).Exit);
    }

    [Fact]
    public async Task Train_WithTraffic_NeedsSome_AndNoOut()
    {
        Assert.Equal(ExitCode.Failed, (await CommandRun.InProcessAsync("train", "--traffic", "--config", _config)).Exit);
        Assert.Equal(ExitCode.Usage, (await CommandRun.InProcessAsync("train", "--traffic", "--out", "x", "--config", _config)).Exit);
    }

    /// <summary>Two real processes at once: what they leave is a state in which both took place.</summary>
    [Fact]
    public async Task Promote_TwoProcessesAtOnce_BothTakePlace()
    {
        var (first, second) = (await RegistryRig.AddAsync(_rig.Open(), 0), await RegistryRig.AddAsync(_rig.Open(), 1));
        var folder = Path.GetDirectoryName(_config)!;

        var outcomes = await Task.WhenAll(new[] { first, second }.Select(v => CommandRun.AsProgramAsync(folder, "", "model", "promote", v, "--force", "--config", _config)));

        Assert.All(outcomes, o => Assert.Equal((ExitCode.Ok, ""), (o.Exit, o.Error)));
        var state = _rig.Open().Read().State;
        Assert.Equal(2, state.History.Count(e => e.Kind == RegistryEventKind.Promote));
        Assert.Equal(2, state.Before.Count);
        Assert.Contains(state.Current, new[] { first, second });
    }

    private static string ShippedModel => UnitTests.Triage.ShippedTriage.ModelFolder;

    private Task<CommandOutcome> RunAsync(params string[] arguments) => CommandRun.InProcessAsync(["model", .. arguments, "--config", _config]);
}
