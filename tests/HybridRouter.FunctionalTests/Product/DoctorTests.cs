using System.Text.Json;
using HybridRouter.FunctionalTests.Quota;
using HybridRouter.Local.Processes;
using HybridRouter.Simulator;
using HybridRouter.Verbs;

namespace HybridRouter.FunctionalTests.Product;

/// <summary><c>doctor</c> before real servers: does it find what is wrong, say what to do, and keep secrets.</summary>
public sealed class DoctorTests(LockedRedisServer locked, LooseGarnetServer loose) : IClassFixture<LockedRedisServer>, IClassFixture<LooseGarnetServer>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hybridrouter-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Keys_OfBothLists_AreTriedEach()
    {
        await using var cloud = await SimulatedCloud.StartAsync(new SimulatedCloudOptions { Keys = [new() { Key = "sk-good-1" }, new() { Key = "sk-good-2" }] });
        var findings = await ExamineAsync($$"""
            { "cloud": { "providers": [ { "name": "sky", "baseUrl": "{{cloud.OpenAiUri}}", "models": [ { "name": "big" } ],
              "apiKeys": [ "sk-good-1", "sk-bad-1" ],
              "keys": [ { "name": "spare", "key": "sk-good-2" }, { "name": "old", "key": "sk-bad-2" }, { "key": "env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE" } ] } ] } }
            """);

        Assert.Equal(
            [("cloud sky, key 1", "ok"), ("cloud sky, key 2", "fail"), ("cloud sky, key 'spare'", "ok"), ("cloud sky, key 'old'", "fail"), ("cloud sky, key 5", "fail")],
            findings.Where(f => f.What.StartsWith("cloud ", StringComparison.Ordinal)).Select(f => (f.What, f.Level)));
        Assert.Contains("env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE is not set", findings.Single(f => f.What.EndsWith("key 5", StringComparison.Ordinal)).State);
    }

    [Fact]
    public async Task Store_ThatAnswers_IsWell()
    {
        await locked.StartAsync();
        var finding = await StoreAsync($"{locked.Connection},password={LockedRedisServer.Password}");

        Assert.Equal(("ok", $"{locked.Connection} answers and takes the scripts"), (finding.Level, finding.State));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",password=wrong-secret")]
    public async Task Store_WithTheWrongPassword_FailsAndSaysWhatToCheck(string password)
    {
        await locked.StartAsync();
        var finding = await StoreAsync(locked.Connection + password);

        Assert.Equal("fail", finding.Level);
        Assert.Contains("password", finding.Advice);
    }

    [Fact]
    public async Task Store_ThatIsAway_FailsAndSaysWhere()
    {
        var port = LoopbackPort.Pick();
        var finding = await StoreAsync($"127.0.0.1:{port},password=some-secret");

        Assert.Equal("fail", finding.Level);
        Assert.Matches($"^127.0.0.1:{port}: no (connection|answer)", finding.State);
        Assert.Contains("quota:connection", finding.Advice);
    }

    [Fact]
    public async Task Store_WhoseScriptsAreNotAtomic_FailsAndSaysHowToStartIt()
    {
        await loose.StartAsync();
        var finding = await StoreAsync(loose.Connection);

        Assert.Equal("fail", finding.Level);
        Assert.Contains("--lua-transaction-mode true", finding.State);
    }

    private async Task<(string What, string Level, string State, string? Advice)> StoreAsync(string connection) =>
        Assert.Single(await ExamineAsync($$"""{ "quota": { "store": "Redis", "connection": "{{connection}}" } }"""), f => f.What == "quota store");

    private async Task<List<(string What, string Level, string State, string? Advice)>> ExamineAsync(string configuration)
    {
        var file = Path.Combine(_folder.FullName, "router.json");
        await File.WriteAllTextAsync(file, configuration);
        using var output = new StringWriter();
        using var error = new StringWriter();
        await Cli.RunAsync(["doctor", "--json", "--config", file], output, error);
        Assert.Equal("", error.ToString());
        foreach (var secret in new[] { "secret", "sk-good", "sk-bad" })
            Assert.DoesNotContain(secret, output.ToString());
        return [.. JsonDocument.Parse(output.ToString()).RootElement.EnumerateArray().Select(f =>
            (f.GetProperty("what").GetString()!, f.GetProperty("level").GetString()!, f.GetProperty("state").GetString()!, f.GetProperty("advice").GetString()))];
    }
}
