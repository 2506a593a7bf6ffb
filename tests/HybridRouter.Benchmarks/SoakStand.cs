using System.Globalization;
using System.Text;
using HybridRouter.Composition;
using HybridRouter.Gateway;
using HybridRouter.Simulator;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Benchmarks;

/// <summary>The real gateway as the program puts it together, before a simulated cloud that fails in every way now and then.</summary>
internal sealed class SoakStand : IAsyncDisposable
{
    private const int Keys = 3;

    private readonly SimulatedCloud _cloud;
    private readonly SimulatedCloud _engine;
    private readonly ScratchFolder _folder;
    private readonly WebApplication _gateway;

    private SoakStand(SimulatedCloud cloud, SimulatedCloud engine, ScratchFolder folder, WebApplication gateway, LeaseCount leases) =>
        (_cloud, _engine, _folder, _gateway, Leases) = (cloud, engine, folder, gateway, leases);

    public LeaseCount Leases { get; }

    public Uri Address => new(_gateway.Urls.First() + "/");

    /// <summary>Requests that the cloud and the engine still serve.</summary>
    public int InFlight => _cloud.State.Accounts.Concat(_engine.State.Accounts).Sum(a => a.InFlight);

    public long Faulted => _cloud.State.Accounts.Sum(a => a.Faulted);

    public long Upstream429 => _cloud.State.Accounts.Sum(a => a.Seen - a.Accepted);

    public static async Task<SoakStand> StartAsync()
    {
        var cloud = await SimulatedCloud.StartAsync(new SimulatedCloudOptions
        {
            Keys = [.. Enumerable.Range(1, Keys).Select(i => new SimulatedKeyOptions { Key = Key(i), Id = $"key-{i}" })],
            Limits = new SimulatedLimits { TokensPerMinute = 60_000, RequestsPerMinute = 600 },
            Faults = [.. Faults()],
        });
        var engine = await SimulatedCloud.StartAsync(new SimulatedCloudOptions { Faults = [new() { Kind = SimulatedFaultKind.Cut, Probability = 0.005 }] });
        var folder = new ScratchFolder();
        var setup = Gateways.Setup(Gateways.ReadOptions(Configure(cloud.OpenAiUri, engine.OpenAiUri, folder.Path), TextWriter.Null), logging => logging.SetMinimumLevel(LogLevel.None));
        LeaseCount? leases = null;
        var gateway = GatewayHost.Create(setup with { CreateQuota = () => leases = new LeaseCount(setup.CreateQuota!()) });
        await gateway.StartAsync();
        return new SoakStand(cloud, engine, folder, gateway, leases!);
    }

    /// <summary>Stored answers of the simulators, which are in this process too, are no memory of the gateway.</summary>
    public async Task ForgetAnswersAsync()
    {
        using var http = new HttpClient();
        foreach (var simulator in (SimulatedCloud[])[_cloud, _engine])
        {
            using var content = new StringContent("""{"faults":false,"counters":false,"limits":false}""", Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(new Uri(simulator.BaseUri, "_simulator/reset"), content);
            answer.EnsureSuccessStatusCode();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _engine.DisposeAsync();
        await _cloud.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>About one request in six meets one of these.</summary>
    private static IEnumerable<SimulatedFault> Faults() =>
    [
        new() { Kind = SimulatedFaultKind.Hang, Probability = 0.01 },
        new() { Kind = SimulatedFaultKind.Cut, Probability = 0.02 },
        new() { Kind = SimulatedFaultKind.Stall, DelaySeconds = 3, Probability = 0.01 },
        new() { Kind = SimulatedFaultKind.Slow, DelaySeconds = 1, Probability = 0.02 },
        new() { Kind = SimulatedFaultKind.Status, Status = 429, RetryAfterSeconds = 1, Probability = 0.02 },
        new() { Kind = SimulatedFaultKind.Status, Status = 500, Probability = 0.02 },
        new() { Kind = SimulatedFaultKind.Status, Status = 503, RetryAfterSeconds = 2, Probability = 0.01 },
        new() { Kind = SimulatedFaultKind.BadJson, Probability = 0.01 },
        new() { Kind = SimulatedFaultKind.StreamError, AfterEvents = 0, Probability = 0.01 },
        new() { Kind = SimulatedFaultKind.EmptyStream, Probability = 0.01 },
        new() { Kind = SimulatedFaultKind.HugeChunk, Probability = 0.005 },
        new() { Kind = SimulatedFaultKind.FalseLimits, Remaining = -1, Probability = 0.01 },
        new() { Kind = SimulatedFaultKind.FalseLimits, Remaining = 0, Probability = 0.01 },
        new() { Kind = SimulatedFaultKind.FalseLimits, Remaining = 1_000_000_000, Probability = 0.01 },
    ];

    /// <summary>Short limits, so that what hangs is given up within seconds.</summary>
    private static IConfigurationRoot Configure(Uri cloud, Uri engine, string storage)
    {
        var settings = new Dictionary<string, string?>
        {
            ["server:urls:0"] = "http://127.0.0.1:0",
            ["storage:path"] = storage,
            ["cloud:providers:0:name"] = "soak-cloud",
            ["cloud:providers:0:baseUrl"] = cloud.AbsoluteUri,
            ["cloud:providers:0:probeMinutes"] = "1",
            ["cloud:providers:0:firstByteTimeoutSeconds"] = "2",
            ["cloud:providers:0:answerTimeoutSeconds"] = "4",
            ["cloud:providers:0:idleTimeoutSeconds"] = "2",
            ["cloud:providers:0:models:0:name"] = "soak-strong",
            ["cloud:providers:0:models:0:limits:tokensPerMinute"] = "60000",
            ["local:engines:0:name"] = "soak-engine",
            ["local:engines:0:baseUrl"] = engine.AbsoluteUri,
            ["local:engines:0:apiKey"] = "any",
            ["local:engines:0:models:0:name"] = "soak-weak",
            ["local:engines:0:models:0:slots"] = "64",
        };
        for (var i = 1; i <= Keys; i++)
            settings[$"cloud:providers:0:apiKeys:{i - 1}"] = Key(i);
        return new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
    }

    private static string Key(int number) => "soak-key-" + number.ToString(CultureInfo.InvariantCulture);
}
