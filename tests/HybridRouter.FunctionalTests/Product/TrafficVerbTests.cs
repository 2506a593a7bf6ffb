using System.Text.Json;
using HybridRouter.FunctionalTests.Gateway;
using HybridRouter.Verbs;
using static HybridRouter.FunctionalTests.Gateway.TrafficRig;

namespace HybridRouter.FunctionalTests.Product;

/// <summary>The verb <c>traffic</c> beside a gateway that runs, and after it.</summary>
public sealed class TrafficVerbTests : IDisposable
{
    private readonly TrafficRig _rig = new();
    private readonly string _config;

    public TrafficVerbTests()
    {
        _rig.Learning.KeepPrompts = true;
        _config = Path.Combine(_rig.Folder, "hybridrouter.json");
        Configure("""{ "keepPrompts": true }""");
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task StatusExportAndErase_BesideARunningGateway()
    {
        await using var gateway = await _rig.StartAsync();
        var id = await AskAsync(gateway, "easy of bob", ""","user":"bob" """);
        await AskAsync(gateway, "hard of ann", ""","user":"ann" """);
        await TestGateway.JsonAsync(await SayAsync(gateway, $$"""{"request_id":"{{id}}","rating":"up"}"""));
        await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(() => _rig.Requests() == 2, "both are written");

        Assert.Contains("requests  2, 1 with a judgement", (await RunAsync("status")).Output, StringComparison.Ordinal);
        var status = JsonDocument.Parse((await RunAsync("status", "--json")).Output).RootElement;
        Assert.Equal((2, 1, 2), (status.GetProperty("requests").GetInt32(), status.GetProperty("judged").GetInt32(), status.GetProperty("prompts").GetInt32()));

        var rows = (await RunAsync("export")).Output.Trim().Split('\n').Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(["id", "prompt", "kind", "score", "route"], rows[0].EnumerateObject().Select(m => m.Name));
        Assert.Equal((id, $"easy of bob {TestGateway.Marker}", "code", "local"), (rows[0].GetProperty("id").GetString(), rows[0].GetProperty("prompt").GetString(), rows[0].GetProperty("kind").GetString(), rows[0].GetProperty("route").GetString()));
        Assert.Equal("cloud", rows[1].GetProperty("route").GetString());

        var erased = await RunAsync("erase", "--user", "BOB");
        Assert.Equal((0, "Erased 1 requests with 1 judgements and 1 prompts.", ""), (erased.Exit, erased.Output.Trim(), erased.Error));
        Assert.Equal(1, _rig.Requests());
    }

    [Fact]
    public async Task Export_ToAFile_IsPrivate()
    {
        await using (var gateway = await _rig.StartAsync())
            await AskAsync(gateway, "easy");
        var path = Path.Combine(_rig.Folder, "out.jsonl");

        Assert.Equal((0, "", ""), await RunAsync("export", "--out", path));

        Assert.Contains(TestGateway.Marker, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task Export_WithAnotherKeyOrWithoutPrompts_SaysWhatToChange()
    {
        await using (var gateway = await _rig.StartAsync())
            await AskAsync(gateway, "easy");
        Configure($$"""{ "promptKey": "{{Convert.ToBase64String(new byte[32])}}" }""");

        AssertLine(await RunAsync("export"), ExitCode.Failed, "None of the 1 prompts can be read. It was encrypted with another key");

        Configure("{}");
        Assert.Equal(0, (await RunAsync("erase", "--caller", "tests")).Exit);
        AssertLine(await RunAsync("export"), ExitCode.Failed, "No prompts are kept here; set learning.keepPrompts");
    }

    [Fact]
    public async Task Verb_WithoutTrafficOrOwner_SaysWhatToChangeAndMakesNothing()
    {
        foreach (var verb in new[] { "status", "export", "erase --user bob" })
            AssertLine(await RunAsync(verb.Split(' ')), ExitCode.Failed, "No traffic is kept in");
        AssertLine(await RunAsync("erase"), ExitCode.Usage, "--user NAME or --caller NAME");
        AssertLine(await RunAsync("erase", "--user", "a", "--caller", "b"), ExitCode.Usage, "one of both");
        Assert.Equal([_config], Directory.GetFiles(_rig.Folder));
    }

    private void Configure(string learning) => File.WriteAllText(_config, $$"""{ "storage": { "path": {{JsonSerializer.Serialize(_rig.Folder)}} }, "learning": {{learning}} }""");

    private async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = await Cli.RunAsync(["traffic", .. arguments, "--config", _config], output, error);
        return (exit, output.ToString(), error.ToString());
    }

    private static void AssertLine((int Exit, string Output, string Error) end, int exit, string message)
    {
        Assert.True(end.Exit == exit && end.Output.Length == 0, end.ToString());
        Assert.Contains(message, end.Error, StringComparison.Ordinal);
        Assert.Single(end.Error.Trim().Split('\n'));
    }
}
