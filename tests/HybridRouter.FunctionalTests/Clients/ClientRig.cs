using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.Gateway;
using HybridRouter.Simulator;
using HybridRouter.Triage;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.FunctionalTests.Clients;

/// <summary>
/// A gateway between two simulated services: one is the cloud, the other stands for a local engine that speaks chat
/// completions only. Tests of one client share it, one after the other.
/// </summary>
public class ClientRig : IAsyncLifetime
{
    public const string Key = TestGateway.ClientKey;

    /// <summary>Cloud models: triage decides; never triaged and never answered on-prem; the same on a provider whose key a test may spend; triaged as simple, as complex.</summary>
    public const string Main = "gpt-main", Strict = "gpt-strict", Spent = "gpt-spent", Simple = "gpt-simple", Complex = "gpt-complex";

    public const string Embeddings = "text-embedding-3-small", LocalModel = "local-coder";

    private TestGateway? _gateway;

    public SimulatedCloud Cloud => _gateway!.Cloud;

    public SimulatedCloud Local => _gateway!.Local;

    public IReadOnlyList<SimulatedRequestFacts> CloudRequests => Posts(Cloud);

    public IReadOnlyList<SimulatedRequestFacts> LocalRequests => Posts(Local);

    /// <summary>Up to and including <c>/v1</c>.</summary>
    public Uri BaseUrl => new(_gateway!.BaseUri, "v1");

    public virtual async ValueTask InitializeAsync()
    {
        var classifier = MlPromptClassifier.Load(RepositoryFolder.TriageModel);
        var judge = new TriageJudge(classifier, classifier.Cutoff, null, NullLogger<TriageJudge>.Instance);
        _gateway = await TestGateway.StartAsync(Configure, judge);
    }

    /// <summary>Forgets what the services saw and the faults they were given.</summary>
    public void Reset()
    {
        Cloud.Reset();
        Local.Reset();
    }

    /// <summary>What a service was asked to answer; its health is asked for with GET.</summary>
    public static IReadOnlyList<SimulatedRequestFacts> Posts(SimulatedCloud service) => TestGateway.Posts(service);

    public virtual async ValueTask DisposeAsync()
    {
        if (_gateway is null)
            return;
        await _gateway.DisposeAsync();
        Assert.DoesNotContain("hybrid answer", _gateway.Logs.Text);
        GC.SuppressFinalize(this);
    }

    /// <summary>The engine behind the local route; <paramref name="simulated"/> is the one that stands for it.</summary>
    private protected virtual LocalEngineOptions CreateEngine(LocalEngineOptions simulated)
    {
        simulated.Models = [new LocalModelOptions { Name = LocalModel, ContextTokens = 65_536, Slots = 4 }];
        return simulated;
    }

    /// <summary>What a rig has different beside its engine.</summary>
    private protected virtual void Adjust(RouterOptions options)
    {
    }

    private void Configure(RouterOptions options)
    {
        Adjust(options);
        options.Routing.Profiles["simple"] = new RouteProfileOptions { Cutoff = 1 };
        options.Routing.Profiles["complex"] = new RouteProfileOptions { Cutoff = 0 };
        options.Routing.Profiles["cloud only"] = new RouteProfileOptions { Mode = RouteMode.AlwaysCloud, OnPremFallback = false };
        options.Local.Engines = [CreateEngine(options.Local.Engines.Single())];
        var baseUrl = options.Cloud.Providers.Single().BaseUrl;
        options.Cloud.Providers =
        [
            Provider("simulated", baseUrl, maxRetries: 2,
                new() { Name = Main }, new() { Name = Simple, Profile = "simple" }, new() { Name = Complex, Profile = "complex" },
                new() { Name = Embeddings, Embeddings = true }),
            Provider("strict", baseUrl, maxRetries: 0, new CloudModelOptions { Name = Strict, Profile = "cloud only" }),
            Provider("spent", baseUrl, maxRetries: 0, new CloudModelOptions { Name = Spent, Profile = "cloud only" }),
        ];
    }

    private static CloudProviderOptions Provider(string name, string baseUrl, int maxRetries, params List<CloudModelOptions> models) =>
        new() { Name = name, BaseUrl = baseUrl, ApiKeys = [TestGateway.CloudKey], MaxRetries = maxRetries, Models = models };
}
