using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.GgufHost;
using HybridRouter.Local;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.FunctionalTests.Local;

/// <summary>A configured managed engine with the preset gguf-host: real Node, real llama.cpp, the tiny model.</summary>
public sealed class GgufHostBackendTests
{
    [Fact]
    public async Task SendAsync_Streamed_ComesFromTheTinyModel()
    {
        await using var backend = await CreateAsync(slots: 1);

        await using var reply = await SendAsync(backend, WireApi.ChatCompletions, Chat("hello", stream: true), stream: true);
        var events = new List<SseEvent>();
        await foreach (var item in Assert.IsType<BackendReply.Streaming>(reply).Events)
            events.Add(item);

        Assert.True(events[^1].IsDone);
        var text = string.Concat(events[..^1].Select(e => (string?)JsonNode.Parse(e.Data.Span)!["choices"]!.AsArray().FirstOrDefault()?["delta"]?["content"]));
        Assert.Contains("tiny demo model", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_CompletionWithSuffix_FillsTheGap()
    {
        await using var backend = await CreateAsync(slots: 1);

        await using var reply = await SendAsync(backend, WireApi.Completions, """{"model":"tiny","prompt":"def add(","suffix":"return a","max_tokens":16}""");

        var choice = JsonNode.Parse(Assert.IsType<BackendReply.Complete>(reply).Body.Span)!["choices"]![0]!;
        Assert.NotEqual("", (string?)choice["text"]);
    }

    [Fact]
    public async Task SendAsync_EndlessStreamsGivenUp_FreeTheirSlotsForOthers()
    {
        await using var backend = await CreateAsync(slots: 2);
        var first = await SendAsync(backend, WireApi.ChatCompletions, Chat("demo:endless", stream: true), stream: true);
        using var cancel = new CancellationTokenSource();
        var second = await SendAsync(backend, WireApi.ChatCompletions, Chat("demo:endless", stream: true), stream: true, cancellationToken: cancel.Token);
        Assert.IsType<BackendReply.Streaming>(first);
        Assert.IsType<BackendReply.Streaming>(second);
        Assert.Equal(0, backend.Status(backend.Models[0]).FreeSlots);
        var busy = await SendAsync(backend, WireApi.ChatCompletions, Chat("hello"), maxWait: TimeSpan.FromMilliseconds(50));
        Assert.Equal(FailureKind.Busy, Assert.IsType<BackendReply.Failed>(busy).Failure.Kind);

        await cancel.CancelAsync();
        await second.DisposeAsync();
        await using var third = await SendAsync(backend, WireApi.ChatCompletions, Chat("hello"));
        await first.DisposeAsync();

        Assert.IsType<BackendReply.Complete>(third);
        await Eventually.TrueAsync(() => backend.Status(backend.Models[0]).FreeSlots == 2, "both slots are free");
    }

    [Fact]
    public async Task Status_WeightsNotPulled_SaysHow()
    {
        var empty = Path.Combine(Path.GetTempPath(), "hybridrouter-test-no-models");
        await using var backend = await CreateAsync(slots: 1, file: "qwen2.5-coder-0.5b-instruct", modelsPath: empty);

        var failed = Assert.IsType<BackendReply.Failed>(await SendAsync(backend, WireApi.ChatCompletions, Chat("hello")));

        Assert.Contains("models pull qwen2.5-coder-0.5b-instruct", failed.Failure.Error.Message, StringComparison.Ordinal);
        Assert.False(backend.Status(backend.Models[0]).Available);
    }

    private static async Task<IBackend> CreateAsync(int slots, string? file = null, string? modelsPath = null)
    {
        await GgufHostFixture.InstallAsync();
        var options = new RouterOptions { Local = { ModelsPath = modelsPath } };
        options.Local.Engines.Add(new LocalEngineOptions
        {
            Name = "gguf",
            Kind = LocalEngineKind.Managed,
            Preset = ManagedPreset.GgufHost,
            Models = [new LocalModelOptions { Name = "tiny", File = file ?? "tiny/hybridrouter-tiny.gguf", ContextTokens = 4096, Slots = slots }],
        });
        return LocalBackends.Create(options, TimeProvider.System, new Random(1), NullLoggerFactory.Instance).Single();
    }

    private static string Chat(string text, bool stream = false) =>
        $$"""{"model":"tiny","stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"{{text}}"}]}""";

    private static Task<BackendReply> SendAsync(
        IBackend backend, WireApi api, string body, bool stream = false, TimeSpan? maxWait = null, CancellationToken cancellationToken = default) =>
        backend.SendAsync(new BackendRequest(api, backend.Models[0], Encoding.UTF8.GetBytes(body), stream) { MaxWait = maxWait }, cancellationToken);
}
