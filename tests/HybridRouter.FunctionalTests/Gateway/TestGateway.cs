using System.Net;
using System.Text;
using System.Text.Json;
using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.Gateway;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Local;
using HybridRouter.Local.Drafts;
using HybridRouter.Simulator;
using HybridRouter.Triage;
using HybridRouter.Triage.Registry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>
/// A real gateway on a free loopback port between two simulated services, one the cloud, one a local engine. When it is
/// disposed, it checks that no key and no prompt is in what it logged, and that nothing failed unexpectedly.
/// </summary>
internal sealed class TestGateway : IAsyncDisposable
{
    public const string ClientKey = "sk-client-3c1d", CloudKey = "sk-cloud-77aa", LocalKey = "sk-local-90ef";

    /// <summary>For tests that want them: an administrator, and a second key of the cloud.</summary>
    public const string AdminKey = "sk-admin-51be", SpareKey = "sk-spare-b2c4";

    /// <summary>Part of every prompt that the tests send.</summary>
    public const string Marker = "zebrafish";

    private readonly WebApplication _app;
    private readonly CapturedLogs _logs = new();
    private readonly bool _ownsStorage;

    private TestGateway(SimulatedCloud cloud, SimulatedCloud local, RouterOptions options, TriageJudge? judge, IConfiguration? configuration, Func<IConfiguration, RouterOptions?>? read, string? storage, ModelRegistry? registry)
    {
        (Cloud, Local) = (cloud, local);
        (_ownsStorage, Storage) = (storage is null, storage ?? Directory.CreateTempSubdirectory("hybridrouter-gateway-").FullName);
        var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_logs));
        _app = GatewayHost.Create(new GatewaySetup(options, new GatewayParts(
            (o, quota) => CloudBackends.Create(o, quota, TimeProvider.System, new Random(1), loggers),
            o => LocalBackends.Create(o, TimeProvider.System, new Random(1), loggers),
            triage => registry?.Load() is { } loaded ? new TriageJudge(loaded.Classifier, triage.Cutoff ?? loaded.Classifier.Cutoff, null, loggers.CreateLogger<TriageJudge>()) : judge ?? new TriageJudge(new MarkedPromptClassifier(), triage.Cutoff ?? 0.5f, null, loggers.CreateLogger<TriageJudge>())))
        {
            Logging = logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_logs),
            CodeParsers = ProgramParsers.Create(Environment.GetEnvironmentVariable("PATH"), TimeProvider.System),
            StorageFolder = Storage,
            Models = registry is null ? null : new TriageModels(registry, ""),
            Configuration = configuration,
            ReadOptions = read,
        });
    }

    public SimulatedCloud Cloud { get; }

    public SimulatedCloud Local { get; }

    /// <summary>Folder of the embedded databases.</summary>
    public string Storage { get; }

    /// <summary>A client of the gateway that presents its key.</summary>
    public HttpClient Http { get; private set; } = null!;

    public Uri BaseUri => Http.BaseAddress!;

    public CapturedLogs Logs => _logs;

    /// <param name="change">Changes the options, which have one provider with <c>big</c> and one engine with <c>small</c>.</param>
    /// <param name="judge">Null: prompts with the word "hard" score 0.9, others 0.1, and the cutoff is 0.5.</param>
    /// <param name="registry">Null: the judge stays what it is.</param>
    /// <param name="storage">Null: a folder that is deleted in the end.</param>
    public static async Task<TestGateway> StartAsync(
        Action<RouterOptions>? change = null,
        TriageJudge? judge = null,
        IConfiguration? configuration = null,
        Func<IConfiguration, RouterOptions, RouterOptions?>? read = null,
        Action<SimulatedCloudOptions>? changeCloud = null,
        string? storage = null,
        ModelRegistry? registry = null)
    {
        var simulated = Quick(CloudKey);
        changeCloud?.Invoke(simulated);
        var cloud = await SimulatedCloud.StartAsync(simulated);
        var local = await SimulatedCloud.StartAsync(Quick(LocalKey));
        RouterOptions Options()
        {
            var options = CreateOptions(cloud, local);
            change?.Invoke(options);
            return options;
        }
        var gateway = new TestGateway(cloud, local, Options(), judge, configuration, read is null ? null : c => read(c, Options()), storage, registry);
        await gateway._app.StartAsync();
        var address = gateway._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        gateway.Http = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(60) };
        gateway.Http.DefaultRequestHeaders.Authorization = new("Bearer", ClientKey);
        return gateway;
    }

    public static string Chat(string what, string more = "", string model = "auto") =>
        $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{what}} {{Marker}}"}]{{more}}}""";

    public static string Response(string what, string more = "", string model = "auto") => $$"""{"model":"{{model}}","input":"{{what}} {{Marker}}"{{more}}}""";

    public Task<HttpResponseMessage> ChatAsync(string what, string more = "", string model = "auto") => PostAsync("v1/chat/completions", Chat(what, more, model));

    public Task<HttpResponseMessage> ResponseAsync(string what, string more = "", string model = "auto") => PostAsync("v1/responses", Response(what, more, model));

    public Task<HttpResponseMessage> PostAsync(string path, string json) => PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));

    public Task<HttpResponseMessage> PostAsync(string path, HttpContent content, CancellationToken? cancellationToken = null) =>
        Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = content }, HttpCompletionOption.ResponseHeadersRead, cancellationToken ?? TestContext.Current.CancellationToken);

    /// <summary>The whole body; no key may be in it or in the headers.</summary>
    public static async Task<string> TextAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        AssertNoKey(text + response.Headers + response.Content.Headers);
        return text;
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response, HttpStatusCode expected = HttpStatusCode.OK)
    {
        var text = await TextAsync(response);
        Assert.True(expected == response.StatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>An error in OpenAI's shape: all four members, and headers that make clients wait or give up.</summary>
    public static async Task<JsonElement> ErrorAsync(HttpResponseMessage response, int status, string? code = null)
    {
        var error = (await JsonAsync(response, (HttpStatusCode)status)).GetProperty("error");
        Assert.Equal(["code", "message", "param", "type"], error.EnumerateObject().Select(m => m.Name).Order());
        Assert.NotEqual("", error.GetProperty("message").GetString());
        Assert.NotEqual("", error.GetProperty("type").GetString());
        if (code is not null)
            Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.True(response.Headers.Contains("x-hybridrouter-request-id"));
        return error;
    }

    /// <summary>Data of all events of a stream that was whole, the terminator of a chat stream included.</summary>
    public static async Task<List<string>> EventsAsync(HttpResponseMessage response)
    {
        var text = await TextAsync(response);
        Assert.True(response.StatusCode == HttpStatusCode.OK && response.Content.Headers.ContentType?.MediaType == "text/event-stream", text);
        return [.. text.Split('\n').Where(l => l.StartsWith("data: ", StringComparison.Ordinal)).Select(l => l[6..])];
    }

    public static string Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.Single() : "";

    public static string Route(HttpResponseMessage response) => Header(response, "x-hybridrouter-route");

    public static IReadOnlyList<SimulatedRequestFacts> Posts(SimulatedCloud service) => [.. service.State.Requests.Where(r => r.Method == "POST")];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        await Cloud.DisposeAsync();
        await Local.DisposeAsync();
        if (_ownsStorage)
            Directory.Delete(Storage, recursive: true);
        AssertNoKey(_logs.Text);
        Assert.DoesNotContain(Marker, _logs.Text);
        Assert.DoesNotContain(_logs.Errors, e => e.Contains("unexpectedly", StringComparison.Ordinal) || e.Contains("unhandled", StringComparison.Ordinal));
    }

    private static void AssertNoKey(string text)
    {
        foreach (var key in new[] { ClientKey, CloudKey, LocalKey, AdminKey, SpareKey })
            Assert.DoesNotContain(key, text);
    }

    private static SimulatedCloudOptions Quick(string key) =>
        new() { FirstTokenMilliseconds = 0, TokensPerSecond = 0, RecordBodies = true, Keys = [new SimulatedKeyOptions { Key = key }] };

    private static RouterOptions CreateOptions(SimulatedCloud cloud, SimulatedCloud local) => new()
    {
        Server = { Urls = ["http://127.0.0.1:0"], ClientKeys = [new ClientKeyOptions { Name = "tests", Key = ClientKey }] },
        Cloud =
        {
            Providers =
            [
                new CloudProviderOptions
                {
                    Name = "sky",
                    BaseUrl = cloud.OpenAiUri.AbsoluteUri,
                    ApiKeys = [CloudKey],
                    MaxRetries = 0,
                    FirstByteTimeoutSeconds = 20,
                    Models = [new CloudModelOptions { Name = "big" }, new CloudModelOptions { Name = "big-embed", Embeddings = true }],
                },
            ],
        },
        Local =
        {
            Engines =
            [
                new LocalEngineOptions
                {
                    Name = "box",
                    BaseUrl = local.OpenAiUri.AbsoluteUri,
                    ApiKey = LocalKey,
                    FirstByteTimeoutSeconds = 20,
                    Models = [new LocalModelOptions { Name = "small", UpstreamName = "small-gguf", ContextTokens = 65_536, Slots = 4 }],
                },
            ],
        },
    };
}
