using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Translation;

public class ResponsesRequestTests
{
    [Theory]
    [InlineData("""[{"role":"system","content":"S"},{"role":"developer","content":"D"},{"role":"user","content":"U"},{"role":"assistant","content":"A"}]""",
        """[{"type":"message","role":"system","content":"S"},{"type":"message","role":"developer","content":"D"},{"type":"message","role":"user","content":"U"},{"type":"message","role":"assistant","content":"A"}]""")]
    [InlineData("""[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:i","detail":"high"}},{"type":"file","file":{"file_id":"file-1"}},{"type":"input_audio","input_audio":{"data":"AA","format":"mp3"}}]}]""",
        """[{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:i","detail":"high"},{"type":"input_file","file_id":"file-1"},{"type":"input_audio","input_audio":{"data":"AA","format":"mp3"}}]}]""")]
    [InlineData("""[{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"refusal","refusal":"r"}]}]""",
        """[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"},{"type":"refusal","refusal":"r"}]}]""")]
    [InlineData("""[{"role":"assistant","content":null,"refusal":"No."}]""", """[{"type":"message","role":"assistant","content":"No."}]""")]
    [InlineData("""[{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"c2","type":"custom","custom":{"name":"p","input":"i"}}]},{"role":"tool","tool_call_id":"c1","content":"1"},{"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"2"}]}]""",
        """[{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"custom_tool_call","call_id":"c2","name":"p","input":"i"},{"type":"function_call_output","call_id":"c1","output":"1"},{"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"2"}]}]""")]
    [InlineData("""[{"role":"assistant","content":"Wait.","tool_calls":[{"id":"c1","function":{"name":"f"}}]}]""",
        """[{"type":"message","role":"assistant","content":"Wait."},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}]""")]
    public void ChatToResponses_Messages_BecomeItems(string messages, string items) =>
        Wires.Same(items, Wires.Json(Wires.ToResponses($$"""{"messages":{{messages}}}""").Request)["input"]);

    [Theory]
    [InlineData("""{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}""", """{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":false}""")]
    [InlineData("""{"type":"function","function":{"name":"f","strict":true}}""", """{"type":"function","name":"f","parameters":null,"strict":true}""")]
    [InlineData("""{"type":"custom","custom":{"name":"p","description":"d","format":{"type":"grammar","grammar":{"syntax":"regex","definition":"a+"}}}}""", """{"type":"custom","name":"p","description":"d","format":{"type":"grammar","syntax":"regex","definition":"a+"}}""")]
    public void ChatToResponses_Tool_BecomesFlat(string tool, string expected) =>
        Wires.Same($"[{expected}]", Wires.Json(Wires.ToResponses($$"""{"messages":[],"tools":[{{tool}}]}""").Request)["tools"]);

    [Theory]
    [InlineData("\"none\"", "\"none\"")]
    [InlineData("""{"type":"function","function":{"name":"f"}}""", """{"type":"function","name":"f"}""")]
    [InlineData("""{"type":"custom","custom":{"name":"p"}}""", """{"type":"custom","name":"p"}""")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}""", """{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}""")]
    public void ChatToResponses_ToolChoice_IsMapped(string choice, string expected) =>
        Wires.Same(expected, Wires.Json(Wires.ToResponses($$$"""{"messages":[],"tool_choice":{{{choice}}},"tools":[{"type":"function","function":{"name":"f"}}]}""").Request)["tool_choice"]);

    [Fact]
    public void ChatToResponses_Parameters_AreMappedAndRefusedOnesDropped()
    {
        var request = Wires.Json(Wires.ToResponses("""
            {"model":"auto","messages":[],"stream":true,"stream_options":{"include_usage":true},"temperature":0.2,"top_p":0.9,"user":"u","metadata":{"k":"v"},"service_tier":"flex",
             "max_tokens":5,"reasoning_effort":"high","verbosity":"low","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{},"strict":true}},
             "logprobs":true,"top_logprobs":2,"parallel_tool_calls":true,"web_search_options":{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"country":"DE"}}},
             "stop":["x"],"seed":1,"n":1,"frequency_penalty":1,"presence_penalty":1,"logit_bias":{},"store":true,"prediction":{},"my_own":1}
            """).Request);

        Wires.Same("""
            {"model":"auto","input":[],"tools":[{"type":"web_search","search_context_size":"low","user_location":{"type":"approximate","country":"DE"}}],"parallel_tool_calls":true,
             "temperature":0.2,"top_p":0.9,"user":"u","metadata":{"k":"v"},"service_tier":"flex","max_output_tokens":16,"reasoning":{"effort":"high"},
             "text":{"format":{"type":"json_schema","name":"n","schema":{},"strict":true},"verbosity":"low"},"include":["message.output_text.logprobs"],"top_logprobs":2,
             "store":false,"stream":true}
            """, request);
    }

    [Theory]
    [InlineData("""{"messages":[],"n":2}""", "n")]
    [InlineData("""{"messages":[],"functions":[{"name":"f"}]}""", "functions")]
    [InlineData("""{"messages":[{"role":"function","name":"f","content":"x"}]}""", "messages[0]")]
    [InlineData("""{"messages":[{"role":"tool","content":"x"}]}""", "messages[0].tool_call_id")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function"}]}]}""", "messages[0].tool_calls[0].name")]
    public void ChatToResponses_WhatCannotBeSaid_NamesTheMember(string request, string param)
    {
        var refused = Assert.Throws<ApiException>(() => Wires.ToResponses(request));

        Assert.Equal((400, param), (refused.Error.Status, refused.Error.Param));
    }
}
