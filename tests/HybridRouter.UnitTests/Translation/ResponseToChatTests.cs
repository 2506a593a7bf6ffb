using System.Text.Json.Nodes;
using HybridRouter.Backends;

namespace HybridRouter.UnitTests.Translation;

/// <summary>What a Responses backend answers, on its way to a chat client.</summary>
public class ResponseToChatTests
{
    private const string Chat = """{"model":"auto","messages":[],"stream":true,"stream_options":{"include_usage":true}}""";
    private const string Usage = """{"input_tokens":9,"input_tokens_details":{"cached_tokens":3},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":14}""";

    [Fact]
    public void Complete_TextAndCalls_GivesOneCompletion()
    {
        var answer = Wires.Json(Wires.ToResponses(Chat).Complete(Wires.Bytes($$"""
            {"id":"resp_u","object":"response","created_at":1700000000,"status":"completed","model":"codex","error":null,"service_tier":"default","output":[
              {"type":"reasoning","id":"rs","summary":[]},
              {"type":"message","id":"m","role":"assistant","content":[{"type":"output_text","text":"One. ","annotations":[]},{"type":"output_text","text":"Two."}]},
              {"type":"function_call","id":"fc","call_id":"c1","name":"f","arguments":"{}"},
              {"type":"custom_tool_call","id":"ct","call_id":"c2","name":"p","input":"i"}],"usage":{{Usage}}}
            """)));

        Wires.Same("""
            {"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"codex","choices":[{"index":0,"message":{"role":"assistant","content":"One. Two.","refusal":null,"tool_calls":[
              {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"c2","type":"custom","custom":{"name":"p","input":"i"}}]},"logprobs":null,"finish_reason":"tool_calls"}],
             "usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":1}},"service_tier":"default"}
            """, answer);
    }

    [Theory]
    [InlineData("""{"status":"completed","output":[]}""", "stop", "")]
    [InlineData("""{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]}""", "length", "")]
    [InlineData("""{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}""", "content_filter", "")]
    [InlineData("""{"status":"completed","output":[{"type":"message","content":[{"type":"refusal","refusal":"No."}]}]}""", "stop", null)]
    public void Complete_Ending_BecomesFinishReason(string response, string finish, string? content)
    {
        var choice = Wires.Json(Wires.ToResponses(Chat).Complete(Wires.Bytes(response)))["choices"]![0]!;

        Assert.Equal((finish, content), ((string?)choice["finish_reason"], (string?)choice["message"]!["content"]));
        Assert.Equal(content is null ? "No." : null, (string?)choice["message"]!["refusal"]);
    }

    [Theory]
    [InlineData("x", FailureKind.BadReply)]
    [InlineData("{}", FailureKind.BadReply)]
    [InlineData("""{"output":3}""", FailureKind.BadReply)]
    [InlineData("""{"status":"failed","output":[],"error":{"code":"server_error","message":"m"}}""", FailureKind.ServerError)]
    [InlineData("""{"status":"failed","output":[],"error":{"code":"rate_limit_exceeded","message":"m"}}""", FailureKind.RateLimited)]
    public void Complete_NoAnswer_Throws(string response, FailureKind kind) =>
        Assert.Equal(kind, Assert.Throws<BackendStreamException>(() => Wires.ToResponses(Chat).Complete(Wires.Bytes(response))).Failure.Kind);

    [Fact]
    public async Task Stream_TextAndCall_GivesChunksInOrder()
    {
        var chunks = await ChunksAsync(
            """{"type":"response.created","sequence_number":0,"response":{"id":"r","model":"codex","created_at":1700000000}}""",
            """{"type":"response.in_progress","response":{"model":"codex","created_at":1700000000}}""",
            """{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m","content":[]}}""",
            """{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"Hel"}""",
            """{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"lo"}""",
            """{"type":"response.output_text.done","item_id":"m","output_index":0,"text":"Hello"}""",
            """{"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m","content":[{"type":"output_text","text":"Hello"}]}}""",
            """{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","id":"fc","call_id":"c1","name":"f","arguments":""}}""",
            """{"type":"response.function_call_arguments.delta","item_id":"fc","output_index":1,"delta":"{\"a\""}""",
            """{"type":"response.function_call_arguments.delta","item_id":"fc","output_index":1,"delta":":1}"}""",
            """{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","id":"fc","call_id":"c1","name":"f","arguments":"{\"a\":1}"}}""",
            """{"type":"response.something_new","x":1}""",
            $$$"""{"type":"response.completed","response":{"id":"r","status":"completed","output":[],"usage":{{{Usage}}}}}""");

        string[] deltas =
        [
            """{"role":"assistant","content":"","refusal":null}""",
            """{"content":"Hel"}""",
            """{"content":"lo"}""",
            """{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]}""",
            """{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}""",
            """{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}""",
            "{}",
        ];
        Assert.Equal(deltas, chunks.SkipLast(1).Select(c => Wires.Line(Wires.Bytes(c["choices"]![0]!["delta"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })))));
        Assert.Equal("tool_calls", (string?)chunks[^2]["choices"]![0]!["finish_reason"]);
        Wires.Same("""
            {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"codex","choices":[],
             "usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":1}}}
            """, chunks[^1]);
        Assert.All(chunks.SkipLast(1), c => Assert.True(c.AsObject().ContainsKey("usage") && c["usage"] is null));
        Assert.All(chunks, c => Assert.Equal(("chatcmpl-1", 1700000000), ((string?)c["id"], (long)c["created"]!)));
    }

    [Fact]
    public async Task Stream_ItemsToldOfOnlyWhenDone_AreSentWhole()
    {
        var chunks = await ChunksAsync(
            """{"type":"response.output_item.done","item":{"type":"message","id":"m","content":[{"type":"output_text","text":"Hi"}]}}""",
            """{"type":"response.output_item.done","item":{"type":"function_call","id":"f1","call_id":"c1","name":"f","arguments":"{}"}}""",
            """{"type":"response.output_item.done","item":{"type":"custom_tool_call","id":"f2","call_id":"c2","name":"p","input":"i"}}""",
            """{"type":"response.completed","response":{"id":"r"}}""");

        var deltas = chunks.Select(c => c["choices"]![0]!["delta"]!).ToList();
        Assert.Equal("Hi", string.Concat(deltas.Select(d => (string?)d["content"])));
        var calls = deltas.Select(d => d["tool_calls"]?[0]).OfType<JsonNode>().ToList();
        Assert.Equal("{}", string.Concat(calls.Select(c => (string?)c["function"]?["arguments"])));
        Assert.Equal("i", string.Concat(calls.Select(c => (string?)c["custom"]?["input"])));
        Assert.Equal([0, 0, 1, 1], calls.Select(c => (int)c["index"]!));
        Assert.Equal("tool_calls", (string?)chunks[^1]["choices"]![0]!["finish_reason"]);
    }

    [Theory]
    [InlineData("""{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}""", "length")]
    [InlineData("""{"type":"response.completed","response":{"status":"completed"}}""", "stop")]
    public async Task Stream_LastEvent_BecomesFinishReason(string last, string finish)
    {
        var chunks = await ChunksAsync("""{"type":"response.output_text.delta","delta":"a"}""", last);

        Assert.Equal(["assistant", null, null], chunks.Select(c => (string?)c["choices"]![0]!["delta"]!["role"]));
        Assert.Equal(finish, (string?)chunks[^1]["choices"]![0]!["finish_reason"]);
    }

    [Theory]
    [InlineData("""{"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}}""", FailureKind.ServerError)]
    [InlineData("""{"type":"response.failed","response":{"error":{"code":"context_length_exceeded","message":"m"}}}""", FailureKind.Rejected)]
    [InlineData("""{"type":"error","code":"insufficient_quota","message":"m"}""", FailureKind.QuotaExhausted)]
    [InlineData("""{"type":"error"}""", FailureKind.ServerError)]
    [InlineData("""{"type":"response.failed","response":7}""", FailureKind.ServerError)]
    [InlineData("[]", FailureKind.BadReply)]
    [InlineData(null, FailureKind.BadReply)]
    public async Task Stream_Failure_Throws(string? last, FailureKind kind)
    {
        string[] events = last is null ? [] : [last];
        var thrown = await Assert.ThrowsAsync<BackendStreamException>(() => ChunksAsync(["""{"type":"response.output_text.delta","delta":"a"}""", .. events]));

        Assert.Equal(kind, thrown.Failure.Kind);
    }

    private static async Task<List<JsonNode>> ChunksAsync(params string[] events)
    {
        var chunks = await Wires.StreamAsync(Wires.ToResponses(Chat), events);
        Assert.True(chunks[^1].IsDone);
        Assert.All(chunks, c => Assert.Null(c.Type));
        return chunks.SkipLast(1).Select(c => Wires.Json(c.Data)).ToList();
    }
}
