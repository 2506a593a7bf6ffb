using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Local;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.UnitTests.Local;

public sealed class LocalBackendsTests
{
    [Fact]
    public async Task Create_EnginesThatCannotBeSetUp_AreListedWithTheReason()
    {
        var backends = Create(
            Engine("nourl", LocalEngineKind.OpenAiCompatible, e => e.BaseUrl = null),
            Engine("badurl", LocalEngineKind.OpenAiCompatible, e => e.BaseUrl = "not a url"),
            Engine("good", LocalEngineKind.OpenAiCompatible, e => e.BaseUrl = "http://127.0.0.1:1/v1"));

        Assert.Equal(["nourl", "badurl", "good"], backends.Select(b => b.Name));
        Assert.Contains("baseUrl", backends[0].Status(backends[0].Models[0]).Reason, StringComparison.Ordinal);
        Assert.False(backends[1].Status(backends[1].Models[0]).Available);
        var request = new BackendRequest(WireApi.ChatCompletions, backends[0].Models[0], default, false);
        Assert.Equal(FailureKind.Unreachable, Assert.IsType<BackendReply.Failed>(await backends[0].SendAsync(request, CancellationToken.None)).Failure.Kind);
        await DisposeAsync(backends);
    }

#if !LLAMASHARP
    [Fact]
    public async Task Create_LLamaSharpWithoutIt_SaysHowToBuildWithIt()
    {
        var backends = Create(Engine("inproc", LocalEngineKind.LLamaSharp, _ => { }));

        Assert.Contains("-p:UseLLamaSharp=cpu", backends[0].Status(backends[0].Models[0]).Reason, StringComparison.Ordinal);
        await DisposeAsync(backends);
    }
#endif

    [Fact]
    public async Task Create_ManagedEngines_StartNothingYet()
    {
        var backends = Create(
            Engine("one", LocalEngineKind.Managed, e => e.Executable = "/nowhere/llama-server"),
            Engine("two", LocalEngineKind.Managed, e => e.Executable = "/nowhere/llama-server"));

        Assert.All(backends, b => Assert.True(b.Status(b.Models[0]).Available));
        await DisposeAsync(backends);
        await DisposeAsync(backends);
    }

    private static LocalEngineOptions Engine(string name, LocalEngineKind kind, Action<LocalEngineOptions> adjust)
    {
        var engine = new LocalEngineOptions { Name = name, Kind = kind, Models = [new LocalModelOptions { Name = $"{name}-model", File = "missing.gguf" }] };
        adjust(engine);
        return engine;
    }

    private static IReadOnlyList<IBackend> Create(params LocalEngineOptions[] engines)
    {
        var options = new RouterOptions();
        options.Local.Engines.AddRange(engines);
        return LocalBackends.Create(options, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
    }

    private static async Task DisposeAsync(IEnumerable<IBackend> backends)
    {
        foreach (var backend in backends)
            await backend.DisposeAsync();
    }
}
