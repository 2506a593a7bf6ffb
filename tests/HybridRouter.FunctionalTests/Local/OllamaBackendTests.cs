using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Local.Ollama;
using HybridRouter.Models;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.FunctionalTests.Local;

/// <summary>Against <see cref="OllamaStandIn"/>, not against a real Ollama.</summary>
public sealed class OllamaBackendTests : IDisposable
{
    private const string Text1 = """{"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"Hel"},"done":false}""";
    private const string Text2 = """{"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"lo"},"done":false}""";
    private const string Tool = """{"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"weather","arguments":{"city":"Oslo","days":2}}}]},"done":false}""";
    private const string Done = """{"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":5,"prompt_eval_count":11,"eval_count":3}""";
    private const string Error = """{"error":"llama runner process has terminated."}""";

    private readonly HttpMessageInvoker _http = OpenAiConnection.CreateHttp();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task SendAsync_WholeChat_TranslatesBothWays()
    {
        await using var ollama = await OllamaStandIn.StartAsync(Text1, Text2, Done);

        await using var reply = await SendAsync(ollama, WireApi.ChatCompletions, """
            {"model":"qwen2.5-coder:7b","temperature":0.2,"max_tokens":50,"stop":"END","seed":7,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object"}}},
             "messages":[{"role":"developer","content":"be brief"},{"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
              {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"rain"}],
             "tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]}
            """);

        var sent = Assert.Single(ollama.Seen).Body;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"num_ctx":4096,"num_predict":50,"temperature":0.2,"seed":7,"stop":["END"]}"""), sent["options"]), sent["options"]!.ToJsonString());
        Assert.Equal("900s", (string?)sent["keep_alive"]);
        Assert.Equal("object", (string?)sent["format"]!["type"]);
        Assert.Equal(["system", "user", "assistant", "tool"], sent["messages"]!.AsArray().Select(m => (string?)m!["role"]));
        Assert.Equal("AAAA", (string?)sent["messages"]![1]!["images"]![0]);
        Assert.Equal("Oslo", (string?)sent["messages"]![2]!["tool_calls"]![0]!["function"]!["arguments"]!["city"]);
        Assert.Equal("weather", (string?)sent["messages"]![3]!["tool_name"]);
        Assert.Equal("weather", (string?)sent["tools"]![0]!["function"]!["name"]);
        var answer = JsonNode.Parse(Assert.IsType<BackendReply.Complete>(reply).Body.Span)!;
        Assert.Equal("Hello", (string?)answer["choices"]![0]!["message"]!["content"]);
        Assert.Equal("stop", (string?)answer["choices"]![0]!["finish_reason"]);
        Assert.Equal(14, (int)answer["usage"]!["total_tokens"]!);
    }

    [Fact]
    public async Task SendAsync_StreamedChat_BecomesOpenAiChunks()
    {
        await using var ollama = await OllamaStandIn.StartAsync(Text1, Text2, Done);

        var chunks = await StreamAsync(ollama, """{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}""");

        Assert.Equal("assistant", (string?)chunks[0]["choices"]![0]!["delta"]!["role"]);
        Assert.Equal(["", "Hel", "lo", null], chunks[..4].Select(c => (string?)c["choices"]![0]!["delta"]!["content"]));
        Assert.Equal([null, null, null, "stop"], chunks[..4].Select(c => (string?)c["choices"]![0]!["finish_reason"]));
        Assert.Equal(11, (int)chunks[4]["usage"]!["prompt_tokens"]!);
        Assert.Single(chunks.Select(c => (string?)c["id"]).Distinct());
        Assert.True((bool)Assert.Single(ollama.Seen).Body["stream"]!);
    }

    [Fact]
    public async Task SendAsync_StreamedToolCalls_AreNumberedAndEndWithToolCalls()
    {
        await using var ollama = await OllamaStandIn.StartAsync(Tool, Tool, Done);

        var chunks = await StreamAsync(ollama, """{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}""");

        var calls = chunks.Select(c => c["choices"]![0]!["delta"]!["tool_calls"]?[0]).OfType<JsonNode>().ToList();
        Assert.Equal([0, 1], calls.Select(c => (int)c["index"]!));
        Assert.Equal(2, calls.Select(c => (string)c["id"]!).Distinct().Count());
        Assert.Equal("""{"city":"Oslo","days":2}""", (string?)calls[0]["function"]!["arguments"]);
        Assert.Equal("tool_calls", (string?)chunks[^1]["choices"]![0]!["finish_reason"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SendAsync_ErrorAsFirstLine_FailsBeforeTheFirstByte(bool stream)
    {
        await using var ollama = await OllamaStandIn.StartAsync(Error);

        var failed = Assert.IsType<BackendReply.Failed>(await SendAsync(ollama, WireApi.ChatCompletions, """{"model":"m","messages":[{"role":"user","content":"hi"}]}""", stream));

        Assert.Equal(FailureKind.ServerError, failed.Failure.Kind);
        Assert.Contains("llama runner process has terminated", failed.Failure.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_ErrorMidStream_ThrowsItsText()
    {
        await using var ollama = await OllamaStandIn.StartAsync(Text1, Error);

        var thrown = await Assert.ThrowsAsync<BackendStreamException>(() => StreamAsync(ollama, """{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}"""));

        Assert.Contains("llama runner process has terminated", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(cut)")]
    [InlineData("{not json")]
    [InlineData("")]
    public async Task SendAsync_StreamBroken_Throws(string line)
    {
        await using var ollama = await OllamaStandIn.StartAsync([Text1, .. line.Length > 0 ? new[] { line } : []]);

        var thrown = await Assert.ThrowsAsync<BackendStreamException>(() => StreamAsync(ollama, """{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}"""));

        Assert.Equal(FailureKind.BadReply, thrown.Failure.Kind);
    }

    [Theory]
    [InlineData(503, FailureKind.Busy)]
    [InlineData(404, FailureKind.Unreachable)]
    [InlineData(400, FailureKind.Rejected)]
    [InlineData(500, FailureKind.ServerError)]
    public async Task SendAsync_ErrorStatus_BecomesItsKind(int status, FailureKind kind)
    {
        await using var ollama = await OllamaStandIn.StartAsync();
        ollama.Refusal = (status, "the reason");

        var failed = Assert.IsType<BackendReply.Failed>(await SendAsync(ollama, WireApi.ChatCompletions, """{"model":"m","messages":[{"role":"user","content":"hi"}]}"""));

        Assert.Equal(kind, failed.Failure.Kind);
        Assert.Contains("the reason", failed.Failure.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_Silence_IsATimeout()
    {
        await using var ollama = await OllamaStandIn.StartAsync(Text1, "(hang)");

        var thrown = await Assert.ThrowsAsync<BackendStreamException>(() => StreamAsync(
            ollama, """{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}""", new LocalEngineOptions { IdleTimeoutSeconds = 0.2 }));

        Assert.Equal(FailureKind.Timeout, thrown.Failure.Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SendAsync_CancelledOrDisposedMidStream_ClosesTheConnectionAndFreesTheSlot(bool cancelled)
    {
        await using var ollama = await OllamaStandIn.StartAsync(Text1, "(hang)");
        await using var backend = Create(ollama);
        using var cancel = new CancellationTokenSource();
        var reply = Assert.IsType<BackendReply.Streaming>(await backend.SendAsync(Request(backend, WireApi.ChatCompletions, """{"model":"m","messages":[{"role":"user","content":"hi"}]}""", true), cancel.Token));
        Assert.Equal(0, backend.Status(backend.Models[0]).FreeSlots);

        if (cancelled)
        {
            var reading = Task.Run(async () =>
            {
                await foreach (var _ in reply.Events)
                {
                }
            });
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        }
        await reply.DisposeAsync();

        await ollama.ClientGone.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(1, backend.Status(backend.Models[0]).FreeSlots);
    }

    [Theory]
    [InlineData("""{"model":"m","prompt":"def f(","suffix":"return x"}""", "return x", null, 16)]
    [InlineData("""{"model":"m","prompt":"def f(","max_tokens":5}""", null, true, 5)]
    public async Task SendAsync_Completions_GoThroughGenerate(string body, string? suffix, bool? raw, int predicted)
    {
        await using var ollama = await OllamaStandIn.StartAsync(
            """{"model":"m","created_at":"2026-01-01T00:00:00Z","response":"x","done":false}""",
            """{"model":"m","created_at":"2026-01-01T00:00:00Z","response":"","done":true,"done_reason":"length","prompt_eval_count":4,"eval_count":2}""");

        var whole = JsonNode.Parse(Assert.IsType<BackendReply.Complete>(await SendAsync(ollama, WireApi.Completions, body)).Body.Span)!;
        var chunks = await StreamAsync(ollama, body, api: WireApi.Completions);

        var (path, sent) = ollama.Seen.First();
        Assert.Equal("/api/generate", path);
        Assert.Equal((suffix, raw, predicted), ((string?)sent["suffix"], (bool?)sent["raw"], (int)sent["options"]!["num_predict"]!));
        Assert.Equal(("text_completion", "x", "length", 6), ((string?)whole["object"], (string?)whole["choices"]![0]!["text"], (string?)whole["choices"]![0]!["finish_reason"], (int)whole["usage"]!["total_tokens"]!));
        Assert.Equal(["x", ""], chunks.Select(c => (string?)c["choices"]![0]!["text"]));
    }

    [Fact]
    public async Task SendAsync_Embeddings_GoThroughEmbed()
    {
        await using var ollama = await OllamaStandIn.StartAsync("""{"model":"m","embeddings":[[0.5,1],[2,3]],"prompt_eval_count":8}""");

        var reply = await SendAsync(ollama, WireApi.Embeddings, """{"model":"m","input":["a","b"],"encoding_format":"base64"}""");

        Assert.Equal(["a", "b"], Assert.Single(ollama.Seen).Body["input"]!.AsArray().Select(i => (string?)i));
        var answer = JsonNode.Parse(Assert.IsType<BackendReply.Complete>(reply).Body.Span)!;
        Assert.Equal([2f, 3f], answer["data"]![1]!["embedding"]!.AsArray().Select(v => (float)v!));
        Assert.Equal(8, (int)answer["usage"]!["total_tokens"]!);
    }

    [Fact]
    public async Task Models_NoneConfigured_AreThoseOfTheHost()
    {
        await using var ollama = await OllamaStandIn.StartAsync();
        ollama.Tags.Add("nomic-embed-text:latest");
        await using var backend = new OllamaBackend(new LocalEngineOptions { Name = "ollama", BaseUrl = ollama.Url }, null, _http, TimeProvider.System, new Random(1), NullLogger.Instance);

        await Eventually.TrueAsync(() => backend.Models.Count == 2, "the list was read");

        Assert.Equal(WireApi.Embeddings, backend.Models.Single(m => m.Name == "nomic-embed-text:latest").Apis);
        Assert.Equal(ModelAbilities.Tools | ModelAbilities.Infill | ModelAbilities.JsonSchema, backend.Models.Single(m => m.Name == "qwen2.5-coder:7b").Abilities);
    }

    [Fact]
    public async Task Status_NotPulledOrHostDown_SaysWhatToDo()
    {
        await using var ollama = await OllamaStandIn.StartAsync();
        ollama.Tags.Clear();
        await using var backend = Create(ollama);
        await Eventually.TrueAsync(() => !backend.Status(backend.Models[0]).Available, "the list was read");
        Assert.Contains("ollama pull qwen2.5-coder:7b", backend.Status(backend.Models[0]).Reason, StringComparison.Ordinal);

        await using var nowhere = new OllamaBackend(
            new LocalEngineOptions { Name = "ollama", BaseUrl = "http://127.0.0.1:1", Models = [new LocalModelOptions { Name = "m" }] }, null, _http, TimeProvider.System, new Random(1), NullLogger.Instance);
        await Eventually.TrueAsync(() => !nowhere.Status(nowhere.Models[0]).Available, "the host was asked");
        Assert.Contains("ollama serve", nowhere.Status(nowhere.Models[0]).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PullAsync_LayersAndErrors_AreReported()
    {
        await using var ollama = await OllamaStandIn.StartAsync(
            """{"status":"pulling manifest"}""",
            """{"status":"pulling aaa","digest":"sha256:aaa","total":100,"completed":40}""",
            """{"status":"pulling bbb","digest":"sha256:bbb","total":10,"completed":10}""",
            """{"status":"verifying sha256 digest"}""",
            """{"status":"success"}""");
        var engine = new LocalEngineOptions { BaseUrl = ollama.Url };
        var progress = new Recorder();

        var good = await OllamaPull.PullAsync(engine, "m", progress, TimeProvider.System, CancellationToken.None);
        ollama.Lines.Clear();
        ollama.Lines.Add("""{"error":"pull model manifest: file does not exist"}""");
        var bad = await OllamaPull.PullAsync(engine, "m", progress, TimeProvider.System, CancellationToken.None);

        Assert.Equal(("m", null), (good.Path, good.Problem));
        Assert.Contains(progress.Seen, p => p is { Received: 50, Total: 110 });
        Assert.Equal(DownloadPhase.Done, progress.Seen[^1].Phase);
        Assert.Contains("file does not exist", bad.Problem, StringComparison.Ordinal);
    }

    private OllamaBackend Create(OllamaStandIn ollama, LocalEngineOptions? options = null)
    {
        options ??= new LocalEngineOptions();
        (options.Name, options.BaseUrl) = ("ollama", ollama.Url);
        options.Models = [new LocalModelOptions { Name = "coder", UpstreamName = "qwen2.5-coder:7b", ContextTokens = 4096 }];
        return new OllamaBackend(options, null, _http, TimeProvider.System, new Random(1), NullLogger.Instance);
    }

    private static BackendRequest Request(OllamaBackend backend, WireApi api, string body, bool stream) => new(api, backend.Models[0], Encoding.UTF8.GetBytes(body), stream);

    private async Task<BackendReply> SendAsync(OllamaStandIn ollama, WireApi api, string body, bool stream = false)
    {
        await using var backend = Create(ollama);
        return await backend.SendAsync(Request(backend, api, body, stream), CancellationToken.None);
    }

    private async Task<List<JsonNode>> StreamAsync(OllamaStandIn ollama, string body, LocalEngineOptions? options = null, WireApi api = WireApi.ChatCompletions)
    {
        await using var backend = Create(ollama, options);
        await using var reply = await backend.SendAsync(Request(backend, api, body, true), CancellationToken.None);
        ollama.ClientReads.TrySetResult();
        var events = new List<SseEvent>();
        await foreach (var item in Assert.IsType<BackendReply.Streaming>(reply).Events)
            events.Add(item);
        Assert.True(events[^1].IsDone);
        return [.. events[..^1].Select(e => JsonNode.Parse(e.Data.Span)!)];
    }

    private sealed class Recorder : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> Seen { get; } = [];

        public void Report(DownloadProgress value) => Seen.Add(value);
    }
}
