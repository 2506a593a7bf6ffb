using HybridRouter.Backends;

namespace HybridRouter.UnitTests.Translation;

/// <summary>A whole chat answer on its way to a Responses client.</summary>
public class ChatToResponseAnswerTests
{
    [Fact]
    public void Complete_TextAndCalls_GivesOneResponse()
    {
        var translation = Wires.ToChat("""{"model":"auto","input":"x","tools":[{"type":"namespace","name":"n","tools":[{"type":"function","name":"g"}]}]}""");

        var response = Wires.Json(translation.Complete(Wires.Bytes("""
            {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"tiny","choices":[{"index":0,"message":{"role":"assistant","content":"So.","reasoning_content":"Hm.",
             "tool_calls":[{"id":"c1","type":"function","function":{"name":"n__g","arguments":"{\"a\":1}"}},{"id":"c2","type":"function","function":{"name":"n__g","arguments":"{}"}}]},
             "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}
            """)));

        Assert.Equal(("resp_1", "completed", "tiny"), ((string?)response["id"], (string?)response["status"], (string?)response["model"]));
        Wires.Same("""
            [{"id":"rs_2","type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}],"status":"completed"},
             {"id":"msg_3","type":"message","role":"assistant","content":[{"type":"output_text","text":"So.","annotations":[],"logprobs":[]}],"status":"completed"},
             {"id":"fc_4","type":"function_call","call_id":"c1","name":"g","namespace":"n","arguments":"{\"a\":1}","status":"completed"},
             {"id":"fc_5","type":"function_call","call_id":"c2","name":"g","namespace":"n","arguments":"{}","status":"completed"}]
            """, response["output"]);
        Wires.Same("""{"input_tokens":3,"input_tokens_details":{"cached_tokens":0},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":7}""", response["usage"]);
    }

    [Fact]
    public void Complete_CallsWithoutIndex_StayApart()
    {
        var response = Wires.Json(Wires.ToChat("""{"input":"x"}""").Complete(Wires.Bytes("""
            {"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"f","arguments":{"b":2}}}]}}]}
            """)));

        Assert.Equal(["{}", "{\"b\":2}"], response["output"]!.AsArray().Select(i => (string)i!["arguments"]!));
        Assert.All(response["output"]!.AsArray(), i => Assert.StartsWith("call_", (string)i!["call_id"]!));
    }

    [Theory]
    [InlineData("plain text instead", "plain text instead")]
    [InlineData("""{\"input\":\"a\\nb\"}""", "a\nb")]
    [InlineData("\\\"a string\\\"", "a string")]
    [InlineData("""{\"other\":1}""", """{"other":1}""")]
    public void Complete_CustomToolCall_GivesItsFreeText(string arguments, string expected)
    {
        var translation = Wires.ToChat("""{"input":"x","tools":[{"type":"custom","name":"patch"}]}""");

        var response = Wires.Json(translation.Complete(Wires.Bytes($$$"""
            {"choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":"patch","arguments":"{{{arguments}}}"}}]}}]}
            """)));

        Assert.Equal(("custom_tool_call", expected), ((string?)response["output"]![0]!["type"], (string?)response["output"]![0]!["input"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"choices":[]}""")]
    [InlineData("""{"choices":[{"message":"x"}]}""")]
    [InlineData("""{"choices":7}""")]
    public void Complete_Nonsense_IsABadReply(string answer)
    {
        var thrown = Assert.Throws<BackendStreamException>(() => Wires.ToChat("""{"input":"x"}""").Complete(Wires.Bytes(answer)));

        Assert.Equal(FailureKind.BadReply, thrown.Failure.Kind);
    }

    [Theory]
    [InlineData("""{"choices":[{"message":{"content":5,"tool_calls":"x","refusal":[]}}],"usage":"many","model":9}""")]
    [InlineData("""{"choices":[{"message":{"content":[{"type":"text","text":"a"},7],"tool_calls":[1,{"function":3},{}]},"logprobs":4,"finish_reason":8}]}""")]
    public void Complete_WrongTypesInside_AreIgnored(string answer) =>
        Assert.Equal("completed", (string?)Wires.Json(Wires.ToChat("""{"input":"x"}""").Complete(Wires.Bytes(answer)))["status"]);
}
