using System.Net;
using HybridRouter.FunctionalTests.GgufHost;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Models.Tiny;
using HybridRouter.Simulator;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Product;

/// <summary><c>serve</c> as a process: its file, its signals, its children, its refusals.</summary>
public sealed class ServeTests : IDisposable
{
    private const string Hello = """{"model":"auto","messages":[{"role":"user","content":"hello"}]}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hybridrouter-test-");

    private string File => Path.Combine(_folder.FullName, "router.json");

    [Fact]
    public async Task Serve_ChangedFile_IsTakenOverAndABrokenOneRefused()
    {
        await using var cloud = await SimulatedCloud.StartAsync(new SimulatedCloudOptions { FirstTokenMilliseconds = 0, TokensPerSecond = 0 });
        await WriteAsync(Between(cloud, "1"));
        await using var program = RouterProgram.Start(["serve", "--config", File, "--urls", "http://127.0.0.1:0"], _folder.FullName);
        using var http = new HttpClient { BaseAddress = new Uri(await program.AddressAsync(), "v1/") };
        async Task<string> RouteOfHello()
        {
            using var response = await http.PostAsync(new Uri("chat/completions", UriKind.Relative), Json(Hello));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return Route(response);
        }
        Assert.Equal("local", await RouteOfHello());

        await WriteAsync(Between(cloud, "0"));
        await Eventually.TrueAsync(async () => await RouteOfHello() == "cloud", "the new cutoff is in force");

        var refusals = 0;
        foreach (var (broken, why) in new[] { (Between(cloud, "7"), "triage:cutoff"), ("{ \"triage\": ", "is not valid"), (Between(cloud, "1").Replace("cutoff", "cutof", StringComparison.Ordinal), "did you mean 'cutoff'") })
        {
            await WriteAsync(broken);
            refusals++;
            await Eventually.TrueAsync(() => Count(program.Text, "was refused and the running one stays") == refusals && program.Text.Contains(why, StringComparison.Ordinal), $"the file is refused: {why}");
            Assert.Equal("cloud", await RouteOfHello());
        }

        await WriteAsync(Between(cloud, "1"));
        await Eventually.TrueAsync(async () => await RouteOfHello() == "local", "the mended file is in force");

        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals to send.");
        await program.SignalAsync("INT");
        Assert.Equal(0, await program.ExitCodeAsync(seconds: 15));
    }

    [Fact]
    public async Task Sigterm_WithAnEndlessStream_CutsItEndsWithZeroAndLeavesNoProcess()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are looked up in /proc.");
        await using var program = await StartWithModelAsync();
        using var http = GgufHostFixture.CreateClient(new Uri(await program.AddressAsync(), "v1/"));
        using var running = await new GgufHostClient(http).OpenAsync("chat/completions", $$"""{"model":"local","stream":true,"messages":[{"role":"user","content":"{{TinyScript.EndlessTrigger}}"}]}""");
        Assert.Contains(program.Family(), line => line.Contains("hybridrouter-tiny.gguf", StringComparison.Ordinal));

        await program.SignalAsync("TERM");

        // A whole stream would end by itself; a cut one must not look like it.
        await Assert.ThrowsAnyAsync<Exception>(() => running.Content.ReadAsStringAsync().WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(0, await program.ExitCodeAsync(seconds: 15));
        Assert.Empty(program.Family());
    }

    [Fact]
    public async Task Kill_LeavesNoProcess()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are looked up in /proc.");
        await using var program = await StartWithModelAsync();
        Assert.Contains(program.Family(), line => line.Contains("hybridrouter-tiny.gguf", StringComparison.Ordinal));

        await program.SignalAsync("KILL");

        await Eventually.TrueAsync(() => program.Family().Count == 0, "no process is left");
    }

    [Fact]
    public async Task Serve_BeyondLoopbackWithoutClientKeys_RefusesAndSaysWhy()
    {
        var end = await RouterProgram.RunAsync(["serve", "--urls", "http://0.0.0.0:0"], _folder.FullName);

        Assert.True(end.ExitCode == 2, end.ToString());
        Assert.Contains("server:urls:0: 'http://0.0.0.0:0' can be reached from other machines, and no client keys are configured", end.Error, StringComparison.Ordinal);
        Assert.Contains("Add server:clientKeys", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WithClientKeys_ListensBeyondLoopbackAndAsksForThem()
    {
        await WriteAsync("""{ "server": { "clientKeys": [ { "name": "alice", "key": "env:E2E_ALICE" } ] }, "cloud": { "providers": [ { "name": "c", "baseUrl": "http://127.0.0.1:9/v1", "models": [ { "name": "m" } ] } ] } }""");
        await using var program = RouterProgram.Start(
            ["serve", "--config", File, "--urls", "http://0.0.0.0:0"], _folder.FullName, new Dictionary<string, string?> { ["E2E_ALICE"] = "key-of-alice" });
        using var http = new HttpClient { BaseAddress = new UriBuilder(await program.AddressAsync()) { Host = "127.0.0.1" }.Uri };

        using var without = await http.GetAsync(new Uri("v1/models", UriKind.Relative));
        http.DefaultRequestHeaders.Authorization = new("Bearer", "key-of-alice");
        using var with = await http.GetAsync(new Uri("v1/models", UriKind.Relative));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (without.StatusCode, with.StatusCode));
        Assert.DoesNotContain("key-of-alice", program.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_UnknownKeyInTheFile_EndsWithUsageAndSuggestsAnother()
    {
        await WriteAsync("""{ "triage": { "cutof": 0.5 } }""");

        var end = await RouterProgram.RunAsync(["serve", "--config", File], _folder.FullName);

        Assert.True(end.ExitCode == 2, end.ToString());
        Assert.Contains("triage:cutof: is not known; did you mean 'cutoff'?", end.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Error + end.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:0", 2)]
    [InlineData("http://192.0.2.1:0", 1)]
    public async Task Serve_AddressThatCannotBeListenedOn_IsToldInOneLine(string url, int exitCode)
    {
        // Keys, so that the foreign address is not refused before it is tried.
        await WriteAsync("""{ "server": { "clientKeys": [ { "name": "a", "key": "k" } ] }, "cloud": { "providers": [ { "name": "c", "baseUrl": "http://127.0.0.1:9/v1", "models": [ { "name": "m" } ] } ] } }""");

        var end = await RouterProgram.RunAsync(["serve", "--config", File, "--urls", url], _folder.FullName);

        Assert.True(end.ExitCode == exitCode, end.ToString());
        Assert.Contains("--urls", end.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Error + end.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>The default configuration, with its model loaded.</summary>
    private async Task<RouterProgram> StartWithModelAsync()
    {
        await GgufHostFixture.InstallAsync();
        var program = RouterProgram.Start(["serve", "--urls", "http://127.0.0.1:0"], _folder.FullName);
        using var http = new HttpClient { BaseAddress = new Uri(await program.AddressAsync(), "v1/") };
        await new GgufHostClient(http).ChatAsync(Hello);
        return program;
    }

    /// <summary>Whole at once, as editors do it.</summary>
    private async Task WriteAsync(string json)
    {
        var next = File + ".new";
        await System.IO.File.WriteAllTextAsync(next, json);
        System.IO.File.Move(next, File, overwrite: true);
    }

    private static StringContent Json(string json) => new(json, System.Text.Encoding.UTF8, "application/json");

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    /// <summary>One simulated service plays both sides.</summary>
    private static string Between(SimulatedCloud cloud, string cutoff) => $$"""
        {
          "triage": { "cutoff": {{cutoff}} },
          "cloud": { "providers": [ { "name": "sky", "baseUrl": "{{cloud.OpenAiUri}}", "apiKeys": [ "sky-key" ], "models": [ { "name": "big" } ] } ] },
          "local": { "engines": [ { "name": "box", "baseUrl": "{{cloud.OpenAiUri}}", "apiKey": "box-key", "models": [ { "name": "small", "slots": 4 } ] } ] }
        }
        """;
}
