using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Local.OpenAi;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Local.OpenAi;

public sealed class InfillTests
{
    private static readonly ServedModel Model = new("coder", "coder");

    [Fact]
    public async Task SendAsync_SuffixToLlamaServer_BecomesInfill()
    {
        var (handler, reply) = await SendAsync(
            """{"model":"coder","prompt":"def f(","suffix":"return x","max_tokens":32,"temperature":0.1,"user":"u","echo":false}""",
            stream: false,
            StubHandler.Json("""{"content":"x):\n  ","stop":true,"stop_type":"limit","tokens_predicted":5,"tokens_evaluated":9}"""));

        var (path, sent) = Assert.Single(handler.Seen);
        Assert.Equal("/infill", path);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"input_prefix":"def f(","input_suffix":"return x","n_predict":32,"temperature":0.1}"""),
            JsonNode.Parse(sent)));
        var answer = JsonNode.Parse(Assert.IsType<BackendReply.Complete>(reply).Body.Span)!;
        Assert.Equal("text_completion", (string?)answer["object"]);
        Assert.Equal("x):\n  ", (string?)answer["choices"]![0]!["text"]);
        Assert.Equal("length", (string?)answer["choices"]![0]!["finish_reason"]);
        Assert.Equal(14, (int)answer["usage"]!["total_tokens"]!);
    }

    [Fact]
    public async Task SendAsync_StreamedInfill_BecomesCompletionChunksWithUsageAndDone()
    {
        var (_, reply) = await SendAsync(
            """{"model":"coder","prompt":"a","suffix":"b","stream":true,"stream_options":{"include_usage":true}}""",
            stream: true,
            StubHandler.Events(
                """{"content":"x","stop":false}""",
                """{"content":"","stop":true,"stop_type":"eos","tokens_predicted":1,"tokens_evaluated":4}"""));

        var chunks = await ReadAsync(reply);
        Assert.Equal(["x", "", null, "[DONE]"], chunks.Select(c => c is null ? "[DONE]" : (string?)c["choices"]!.AsArray().FirstOrDefault()?["text"]));
        Assert.Equal("stop", (string?)chunks[1]!["choices"]![0]!["finish_reason"]);
        Assert.Equal(5, (int)chunks[2]!["usage"]!["total_tokens"]!);
        Assert.Single(chunks.OfType<JsonNode>().Select(c => (string?)c["id"]).Distinct());
    }

    [Fact]
    public async Task SendAsync_StreamedInfillCut_Throws()
    {
        var (_, reply) = await SendAsync(
            """{"model":"coder","prompt":"a","suffix":"b","stream":true}""", stream: true, StubHandler.Events("""{"content":"x","stop":false}"""));

        await Assert.ThrowsAsync<BackendStreamException>(() => ReadAsync(reply));
    }

    [Fact]
    public async Task SendAsync_ErrorInsideTheStream_FailsBeforeTheFirstByte()
    {
        var (_, reply) = await SendAsync(
            """{"model":"coder","prompt":"a","suffix":"b","stream":true}""", stream: true, StubHandler.Events("""{"error":{"code":500,"message":"out of memory"}}"""));

        Assert.Contains("out of memory", Assert.IsType<BackendReply.Failed>(reply).Failure.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_MaxTokensNull_IsTheDefault()
    {
        var (handler, _) = await SendAsync(
            """{"model":"coder","prompt":"a","suffix":"b","max_tokens":null}""", stream: false, StubHandler.Json("""{"content":"x","stop":true}"""));

        Assert.Equal(16, (int)JsonNode.Parse(Assert.Single(handler.Seen).Body)!["n_predict"]!);
    }

    [Theory]
    [InlineData("""{"model":"coder","prompt":"a"}""", true)]
    [InlineData("""{"model":"coder","prompt":"a","suffix":""}""", true)]
    [InlineData("""{"model":"coder","prompt":["a"],"suffix":"b"}""", true)]
    [InlineData("""{"model":"coder","prompt":"a","suffix":"b"}""", false)]
    public async Task SendAsync_NoSuffixOrAnotherServer_StaysCompletions(string body, bool isLlamaServer)
    {
        var (handler, _) = await SendAsync(body, stream: false, StubHandler.Json("""{"object":"text_completion","choices":[]}"""), isLlamaServer);

        Assert.Equal(("/v1/completions", body), Assert.Single(handler.Seen));
    }

    private static async Task<(StubHandler Handler, BackendReply Reply)> SendAsync(
        string body, bool stream, HttpResponseMessage answer, bool isLlamaServer = true)
    {
        var handler = new StubHandler((_, _) => answer);
        var server = new OpenAiServer(new HttpMessageInvoker(handler), new Uri("http://127.0.0.1:9/v1"), null, new LocalEngineOptions(), TimeProvider.System);
        var request = new BackendRequest(WireApi.Completions, Model, Encoding.UTF8.GetBytes(body), stream);
        return (handler, await server.SendAsync(request, isLlamaServer, CancellationToken.None));
    }

    private static async Task<List<JsonNode?>> ReadAsync(BackendReply reply)
    {
        var chunks = new List<JsonNode?>();
        await using (reply)
        {
            await foreach (var item in Assert.IsType<BackendReply.Streaming>(reply).Events)
                chunks.Add(item.IsDone ? null : JsonSerializer.Deserialize<JsonNode>(item.Data.Span));
        }
        return chunks;
    }
}
