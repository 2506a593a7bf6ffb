using HybridRouter.Composition;
using HybridRouter.Configuration;
using HybridRouter.Gateway;
using HybridRouter.Simulator;
using HybridRouter.Verbs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace HybridRouter.Demo;

/// <summary>The demo: everything that a user would run, in one process plus the local engine's, spoken to over HTTP.</summary>
internal sealed class DemoRunner(IAnsiConsole console)
{
    private const string CloudModel = "simulated-codex";
    private const string CloudKey = "demo-key";

    /// <exception cref="IOException">The address is taken.</exception>
    public async Task<int> RunAsync(string url, bool once, CancellationToken cancellationToken)
    {
        console.MarkupLine("[bold]HybridRouter demo[/]: simulated cloud, local GGUF model on llama.cpp, gateway.");
        await using var cloud = await SimulatedCloud.StartAsync(
            new SimulatedCloudOptions { Keys = [new SimulatedKeyOptions { Key = CloudKey, Id = "demo" }], Models = [CloudModel] }, TimeProvider.System, cancellationToken);
        console.MarkupLineInterpolated($"simulated cloud on {cloud.BaseUri}");
        var problem = await LocalEngineSetup.PrepareAsync(console, cancellationToken);

        using var storage = new ScratchFolder();
        var options = Options(url, cloud.OpenAiUri, storage.Path);
        await using var app = GatewayHost.Create(Gateways.Setup(options, Gateways.ConsoleLogging(LogLevel.Error)));
        await ServeVerb.StartAsync(app, cancellationToken);
        var address = app.Urls.First();
        using var http = new HttpClient { BaseAddress = new Uri(address + "/"), Timeout = TimeSpan.FromMinutes(5) };
        var client = new DemoClient(http);
        await LoadLocalModelAsync(client, cancellationToken);

        var results = new List<DemoResult>();
        foreach (var prompt in DemoPrompts.All)
            results.Add(await client.SendAsync(prompt, cancellationToken));
        DemoReport.PrintTable(console, results);
        if (problem is not null)
            console.MarkupLineInterpolated($"[yellow]No local engine: {problem}.[/] Local prompts went to the cloud instead.");
        if (!once)
        {
            DemoReport.PrintNextSteps(console, address);
            await app.WaitForShutdownAsync(cancellationToken);
        }
        return results.All(r => r.Error is null && r.Status == 200) ? ExitCode.Ok : ExitCode.Failed;
    }

    /// <summary>The first request of a model loads it, or learns that it cannot be; the table should show a router at work, not a start-up.</summary>
    private async Task LoadLocalModelAsync(DemoClient client, CancellationToken cancellationToken)
    {
        var loaded = await client.SendAsync(new DemoPrompt("load", "hello") { Model = "local" }, cancellationToken);
        if (loaded.Error is null)
            console.MarkupLineInterpolated($"local model {loaded.Model} loaded in {loaded.Total.TotalSeconds:0.0} s");
        else
            console.MarkupLineInterpolated($"[yellow]local model: {loaded.Error}[/]");
    }

    /// <summary>What a gateway does without a configuration file, with the simulated cloud as its provider.</summary>
    private static RouterOptions Options(string url, Uri cloud, string storage) => Gateways.ReadOptions(
        new ConfigurationBuilder()
            .AddInMemoryCollection(EmbeddedDefaults.For(_ => null))
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["server:urls:0"] = url,
                ["storage:path"] = storage,
                ["cloud:providers:0:name"] = "simulated",
                ["cloud:providers:0:baseUrl"] = cloud.AbsoluteUri,
                ["cloud:providers:0:apiKeys:0"] = CloudKey,
                ["cloud:providers:0:models:0:name"] = CloudModel,
            })
            .Build(),
        TextWriter.Null);
}
