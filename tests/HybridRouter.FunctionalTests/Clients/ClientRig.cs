using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.Gateway;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Local;
using HybridRouter.Simulator;
using HybridRouter.Triage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.FunctionalTests.Clients;

/// <summary>
/// A gateway between two simulated services: one is the cloud, the other stands for a local engine that speaks chat
/// completions only. Tests of one client share it, one after the other.
/// </summary>
public class ClientRig : IAsyncLifetime
{
    public const string Key = "client-key-of-the-tests";

    /// <summary>Cloud models: triage decides; never triaged and never answered on-prem; the same on a provider whose key a test may spend; triaged as simple, as complex.</summary>
    public const string Main = "gpt-main", Strict = "gpt-strict", Spent = "gpt-spent", Simple = "gpt-simple", Complex = "gpt-complex";

    public const string Embeddings = "text-embedding-3-small", LocalModel = "local-coder";

    private readonly DirectoryInfo _storage = Directory.CreateTempSubdirectory("hybridrouter-clients-");
    private WebApplication? _gateway;

    public SimulatedCloud Cloud { get; private set; } = null!;

    public SimulatedCloud Local { get; private set; } = null!;

    public IReadOnlyList<SimulatedRequestFacts> CloudRequests => Posts(Cloud);

    public IReadOnlyList<SimulatedRequestFacts> LocalRequests => Posts(Local);

    /// <summary>Up to and including <c>/v1</c>.</summary>
    public Uri BaseUrl { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cloud = await SimulatedCloud.StartAsync(Quick());
        Local = await SimulatedCloud.StartAsync(Quick());
        var classifier = MlPromptClassifier.Load(RepositoryFolder.TriageModel);
        _gateway = GatewayHost.Create(new GatewaySetup(Options(), new GatewayParts(
            options => CloudBackends.Create(options, TimeProvider.System, new Random(1), NullLoggerFactory.Instance),
            options => LocalBackends.Create(options, TimeProvider.System, new Random(1), NullLoggerFactory.Instance),
            triage => new TriageJudge(classifier, triage.Cutoff ?? classifier.Cutoff, null, NullLogger<TriageJudge>.Instance))) { StorageFolder = _storage.FullName });
        await _gateway.StartAsync();
        var address = _gateway.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        BaseUrl = new Uri(new Uri(address), "v1");
    }

    /// <summary>Forgets what the services saw and the faults they were given.</summary>
    public void Reset()
    {
        Cloud.Reset();
        Local.Reset();
    }

    /// <summary>What a service was asked to answer; its health is asked for with GET.</summary>
    public static IReadOnlyList<SimulatedRequestFacts> Posts(SimulatedCloud service) => [.. service.State.Requests.Where(r => r.Method == "POST")];

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
            await _gateway.DisposeAsync();
        await Cloud.DisposeAsync();
        await Local.DisposeAsync();
        _storage.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private static SimulatedCloudOptions Quick() => new() { FirstTokenMilliseconds = 0, TokensPerSecond = 0, RecordBodies = true };

    private protected virtual LocalEngineOptions CreateEngine() => new()
    {
        Name = "engine",
        ApiKey = "engine-key",
        BaseUrl = Local.OpenAiUri.AbsoluteUri,
        Models = [new LocalModelOptions { Name = LocalModel, ContextTokens = 65_536, Slots = 4 }],
    };

    private RouterOptions Options() => new()
    {
        Server = { Urls = ["http://127.0.0.1:0"], ClientKeys = [new ClientKeyOptions { Name = "tests", Key = Key }] },
        Routing =
        {
            Profiles =
            {
                ["simple"] = new RouteProfileOptions { Cutoff = 1 },
                ["complex"] = new RouteProfileOptions { Cutoff = 0 },
                ["cloud only"] = new RouteProfileOptions { Mode = RouteMode.AlwaysCloud, OnPremFallback = false },
            },
        },
        Cloud =
        {
            Providers =
            [
                Provider("simulated", maxRetries: 2,
                    new() { Name = Main }, new() { Name = Simple, Profile = "simple" }, new() { Name = Complex, Profile = "complex" },
                    new() { Name = Embeddings, Embeddings = true }),
                Provider("strict", maxRetries: 0, new CloudModelOptions { Name = Strict, Profile = "cloud only" }),
                Provider("spent", maxRetries: 0, new CloudModelOptions { Name = Spent, Profile = "cloud only" }),
            ],
        },
        Local =
        {
            Engines = [CreateEngine()],
        },
    };

    private CloudProviderOptions Provider(string name, int maxRetries, params List<CloudModelOptions> models) =>
        new() { Name = name, BaseUrl = Cloud.OpenAiUri.AbsoluteUri, ApiKeys = [$"upstream-key-{name}"], MaxRetries = maxRetries, Models = models };
}
