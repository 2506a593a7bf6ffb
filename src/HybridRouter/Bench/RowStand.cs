using HybridRouter.Composition;
using HybridRouter.Configuration;
using HybridRouter.Gateway;
using HybridRouter.Simulator;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Bench;

/// <summary>What one row runs on: a simulated cloud of its own, whatever stands before it, and a client. All on loopback.</summary>
internal sealed class RowStand : IAsyncDisposable
{
    private const string CloudModel = "bench-strong";
    private const string LocalModel = "bench-weak";

    private readonly Stack<IAsyncDisposable> _owned = new();

    private RowStand(SimulatedCloud cloud)
    {
        Cloud = cloud;
        _owned.Push(cloud);
    }

    public SimulatedCloud Cloud { get; }

    public IBenchClient Client { get; private set; } = null!;

    /// <summary>Clients that call the cloud themselves.</summary>
    public static async Task<RowStand> DirectAsync(RowSetting setting, int keys, CancellationToken cancellationToken)
    {
        var stand = new RowStand(await StartCloudAsync(setting, cancellationToken));
        var random = new Random(setting.Scenario.Seed);
        var gate = new Lock();
        double Jitter()
        {
            lock (gate)
                return random.NextDouble();
        }
        stand.Client = new RetryingClient(stand.Sender(stand.Cloud.OpenAiUri, CloudModel), [.. Enumerable.Range(1, keys).Select(Key)], setting.Clock, Jitter);
        return stand;
    }

    /// <summary>The real gateway, with a simulated local engine, as a user with these keys would configure it.</summary>
    public static async Task<RowStand> RouterAsync(RowSetting setting, bool moving, CancellationToken cancellationToken)
    {
        var stand = new RowStand(await StartCloudAsync(setting, cancellationToken));
        try
        {
            var engine = stand.Own(await SimulatedCloud.StartAsync(Options(setting.Scenario.LocalSpeed, setting.Scenario), setting.Clock, cancellationToken));
            var folder = stand.Own(new ScratchFolder());
            var options = Gateways.ReadOptions(Configure(setting, stand.Cloud.OpenAiUri, engine.OpenAiUri, folder.Path, moving), TextWriter.Null);
            var app = stand.Own(GatewayHost.Create(Gateways.Setup(options, logging => logging.SetMinimumLevel(LogLevel.None), time: setting.Clock)));
            await app.StartAsync(cancellationToken);
            var router = new Uri(app.Urls.First() + "/v1");
            // Connections and the engine's first health check are made here; no cloud quota is touched.
            var first = await stand.Sender(router, "local").SendAsync(new BenchRequest(default, new BenchPrompt("hello"), 1, default), "none", cancellationToken);
            if (!first.Good)
                throw new IOException($"The gateway under test cannot reach its simulated local engine (status {first.Status}).");
            stand.Client = new PlainClient(stand.Sender(router, "auto"));
            return stand;
        }
        catch
        {
            await stand.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out var part))
            await part.DisposeAsync();
    }

    private static Task<SimulatedCloud> StartCloudAsync(RowSetting setting, CancellationToken cancellationToken)
    {
        var options = Options(setting.Scenario.CloudSpeed, setting.Scenario);
        options.Keys = [.. Enumerable.Range(1, setting.Quota.Keys).Select(i => new SimulatedKeyOptions { Key = Key(i), Id = $"key-{i}" })];
        options.Limits = new SimulatedLimits { TokensPerMinute = setting.Quota.TokensPerMinute };
        return SimulatedCloud.StartAsync(options, setting.Clock, cancellationToken);
    }

    private static SimulatedCloudOptions Options(ServiceSpeed speed, QuotaScenario scenario) => new()
    {
        FirstTokenMilliseconds = speed.FirstTokenMilliseconds,
        TokensPerSecond = speed.TokensPerSecond,
        OutputTokens = scenario.OutputTokens,
        RecordRequests = 0,
    };

    private static IConfigurationRoot Configure(RowSetting setting, Uri cloud, Uri engine, string storage, bool moving)
    {
        var settings = new Dictionary<string, string?>
        {
            ["server:urls:0"] = "http://127.0.0.1:0",
            ["storage:path"] = storage,
            ["cloud:providers:0:name"] = "bench-cloud",
            ["cloud:providers:0:baseUrl"] = cloud.AbsoluteUri,
            ["cloud:providers:0:models:0:name"] = CloudModel,
            ["cloud:providers:0:models:0:limits:tokensPerMinute"] = Text(setting.Quota.TokensPerMinute),
            ["local:engines:0:name"] = "bench-engine",
            ["local:engines:0:baseUrl"] = engine.AbsoluteUri,
            ["local:engines:0:apiKey"] = "any",
            ["local:engines:0:models:0:name"] = LocalModel,
            ["local:engines:0:models:0:slots"] = Text(setting.Scenario.LocalSlots),
            ["local:engines:0:models:0:contextTokens"] = "1000000",
            ["routing:pacing:enabled"] = moving ? "true" : "false",
            // The keys are a flat quota: what is not used is lost, so there is no cutoff below which it is too dear.
            ["routing:pacing:minCutoff"] = "0",
        };
        for (var i = 0; i < setting.Quota.Keys; i++)
            settings[$"cloud:providers:0:apiKeys:{i}"] = Key(i + 1);
        return new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
    }

    private static string Key(int number) => $"bench-key-{number}";

    private static string Text(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A client's own connections. Deadlines are those of the simulated clock, so the real one sets none.</summary>
    private ChatSender Sender(Uri root, string model)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = new Uri(root.AbsoluteUri + "/"), Timeout = Timeout.InfiniteTimeSpan };
        _owned.Push(new Closing(http));
        return new ChatSender(http, model);
    }

    private T Own<T>(T part)
        where T : class
    {
        _owned.Push(part as IAsyncDisposable ?? new Closing((IDisposable)part));
        return part;
    }

    private sealed class Closing(IDisposable part) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            part.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
