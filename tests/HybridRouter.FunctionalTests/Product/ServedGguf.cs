using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.FunctionalTests.GgufHost;
using HybridRouter.Local.Processes;
using HybridRouter.Simulator;

namespace HybridRouter.FunctionalTests.Product;

/// <summary>
/// <c>serve</c> as a process, with a model that it manages, a gguf-host that runs already (so that tests see its slots),
/// and a simulated cloud. Triage finds everything simple.
/// </summary>
public sealed class ServedGguf : IAsyncLifetime
{
    /// <summary>Managed, the default local model; then two names of the engine that runs already.</summary>
    public const string Managed = "tiny", Attached = "tiny-attached", Embeddings = "tiny-embeddings";

    public const int ContextTokens = 20_480;

    /// <summary>An endless answer takes far longer to fill it than a test waits.</summary>
    private const int AttachedContextTokens = 131_072;

    private const string CloudKey = "cloud-key-of-the-tests", EngineKey = "engine-key-of-the-tests";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hybridrouter-test-");
    private SimulatedCloud? _cloud;
    private ChildProcess? _engine;
    private HttpClient? _engineHttp;
    private RouterProgram? _program;

    /// <summary>The gateway, up to and including <c>/v1/</c>.</summary>
    public HttpClient Http { get; private set; } = null!;

    internal GgufHostClient Client => new(Http);

    internal GgufHostClient Engine => new(_engineHttp!);

    public async ValueTask InitializeAsync()
    {
        _cloud = await SimulatedCloud.StartAsync(new SimulatedCloudOptions { FirstTokenMilliseconds = 0, TokensPerSecond = 0, Keys = [new SimulatedKeyOptions { Key = CloudKey }] });
        var port = LoopbackPort.Pick();
        _engine = await GgufHostFixture.StartProcessAsync(port, AttachedContextTokens, slots: 1, EngineKey);
        _engineHttp = GgufHostFixture.CreateClient(new Uri($"http://127.0.0.1:{port}/v1/"));
        _engineHttp.DefaultRequestHeaders.Authorization = new("Bearer", EngineKey);
        await GgufHostFixture.WaitUntilReadyAsync(_engineHttp, _engine);
        var file = Path.Combine(_folder.FullName, "router.json");
        await File.WriteAllTextAsync(file, Configuration(port));
        _program = RouterProgram.Start(["serve", "--config", file, "--urls", "http://127.0.0.1:0"], _folder.FullName);
        Http = GgufHostFixture.CreateClient(new Uri(await _program.AddressAsync(), "v1/"));
        Http.Timeout = TimeSpan.FromSeconds(60);
        // Who asks for the local model waits until it is loaded; 'auto' would not.
        await Client.ChatAsync("""{"model":"local","messages":[{"role":"user","content":"hello"}]}""");
    }

    /// <summary>An answer with its body read; the caller looks at headers and status.</summary>
    public async Task<(HttpResponseMessage Response, JsonNode Body)> PostAsync(string path, JsonObject body)
    {
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        var response = await Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return (response, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        _engineHttp?.Dispose();
        if (_program is not null)
            await _program.DisposeAsync();
        if (_engine is not null)
            await _engine.DisposeAsync();
        if (_cloud is not null)
            await _cloud.DisposeAsync();
        _folder.Delete(recursive: true);
        Assert.DoesNotContain("-key-of-the-tests", _program?.Text);
    }

    private string Configuration(int port) => $$"""
        {
          "triage": { "cutoff": 1 },
          "storage": { "path": "data" },
          "cloud": { "providers": [ { "name": "simulated", "baseUrl": "{{_cloud!.OpenAiUri}}", "apiKeys": [ "{{CloudKey}}" ], "models": [ { "name": "gpt-5" } ] } ] },
          "local": { "engines": [
            { "name": "managed", "kind": "Managed", "preset": "GgufHost", "models": [
              { "name": "{{Managed}}", "file": "tiny/hybridrouter-tiny.gguf", "contextTokens": {{ContextTokens}}, "charsPerToken": 2, "slots": 1 } ] },
            { "name": "attached", "baseUrl": "http://127.0.0.1:{{port}}/v1", "apiKey": "{{EngineKey}}", "models": [
              { "name": "{{Attached}}", "upstreamName": "{{GgufHostFixture.Alias}}", "contextTokens": {{AttachedContextTokens}}, "slots": 1 },
              { "name": "{{Embeddings}}", "upstreamName": "{{GgufHostFixture.Alias}}", "embeddings": true } ] } ] }
        }
        """;
}
