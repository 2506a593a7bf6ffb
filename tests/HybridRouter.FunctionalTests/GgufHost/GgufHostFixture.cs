using HybridRouter.FunctionalTests.GgufHost;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Local.GgufHost;
using HybridRouter.Local.Processes;
using HybridRouter.Models;

[assembly: AssemblyFixture(typeof(GgufHostFixture))]

namespace HybridRouter.FunctionalTests.GgufHost;

/// <summary>
/// One gguf-host with the tiny model for all tests of this assembly: real Node, real npm packages, real llama.cpp. It is
/// installed and started when a test first asks for it, and ends with the test run.
/// </summary>
public sealed class GgufHostFixture : IAsyncLifetime
{
    /// <summary>Model id that requests may carry.</summary>
    public const string Alias = "hybridrouter-tiny";

    public const int ContextTokens = 32768;
    public const int Slots = 2;

    private readonly Lazy<Task<Host>> _host = new(StartAsync);

    /// <summary>The committed tiny GGUF.</summary>
    public static string ModelFile { get; } = Path.Combine(ModelsFolder.Shipped(AppContext.BaseDirectory), "tiny", "hybridrouter-tiny.gguf");

    /// <summary>A client whose base address ends with <c>/v1/</c>; starts the host when it does not run yet.</summary>
    public async Task<HttpClient> ClientAsync()
    {
        var host = await _host.Value;
        return CreateClient(host.BaseUrl);
    }

    /// <summary>Closes a connection whose answer is not wanted any more at once; by default .NET reads on for two seconds.</summary>
    internal static HttpClient CreateClient(Uri baseUrl) =>
        new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = baseUrl };

    /// <summary>Up to and including <c>/v1/</c>; starts the host when it does not run yet.</summary>
    public async Task<Uri> BaseUrlAsync() => (await _host.Value).BaseUrl;

    /// <summary>The installed program; installs it when it is not there yet.</summary>
    internal static async Task<GgufHostInstallation> InstallAsync()
    {
        var installation = await GgufHostInstaller.ForThisProgram(TimeProvider.System).EnsureAsync(GgufHostAccelerator.Cpu, null, CancellationToken.None);
        Assert.Null(installation.Problem);
        return installation;
    }

    /// <summary>Starts a host of one's own.</summary>
    internal static async Task<ChildProcess> StartProcessAsync(int port, int contextTokens, int slots, string apiKey = "")
    {
        var launch = new ModelLaunch { File = ModelFile, Alias = Alias, ContextTokens = contextTokens, Slots = slots, Port = port, ApiKey = apiKey, Embeddings = true };
        return ChildProcess.Start(GgufHostCommand.For(await InstallAsync(), launch, new()), TimeProvider.System);
    }

    internal static async Task WaitUntilReadyAsync(HttpClient http, ChildProcess process)
    {
        await Eventually.TrueAsync(async () =>
        {
            Assert.False(process.Exited.IsCompleted, process.DescribeEnd());
            try
            {
                using var health = await http.GetAsync(new Uri("../health", UriKind.Relative));
                return health.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, "gguf-host is ready", seconds: 60);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_host.IsValueCreated && _host.Value.IsCompletedSuccessfully)
            await (await _host.Value).Process.DisposeAsync();
    }

    private static async Task<Host> StartAsync()
    {
        var port = LoopbackPort.Pick();
        var process = await StartProcessAsync(port, ContextTokens, Slots);
        var url = new Uri($"http://127.0.0.1:{port}/v1/");
        using var http = new HttpClient { BaseAddress = url };
        await WaitUntilReadyAsync(http, process);
        return new Host(process, url);
    }

    private sealed record Host(ChildProcess Process, Uri BaseUrl);
}
