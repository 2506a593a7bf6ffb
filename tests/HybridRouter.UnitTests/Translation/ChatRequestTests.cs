using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Translation;

public class ChatRequestTests
{
    [Theory]
    // A string input and instructions.
    [InlineData("""{"instructions":"Be brief.","input":"Hi"}""",
        """[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]""")]
    // Leading system messages are merged, later ones stay where they are.
    [InlineData("""{"instructions":"A","input":[{"role":"developer","content":"B"},{"role":"system","content":[{"type":"input_text","text":"C"}]},{"role":"user","content":"x"},{"role":"developer","content":"D"}]}""",
        """[{"role":"system","content":"A\n\nB\n\nC"},{"role":"user","content":"x"},{"role":"system","content":"D"}]""")]
    // Easy messages without a type, typed ones, text parts joined.
    [InlineData("""{"input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"c","annotations":[]},{"type":"output_text","text":"d"}]}]}""",
        """[{"role":"user","content":"a\nb"},{"role":"assistant","content":"cd"}]""")]
    [InlineData("""{"input":[{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]}]}""",
        """[{"role":"assistant","content":"No."}]""")]
    // Images keep their place among text.
    [InlineData("""{"input":[{"role":"user","content":[{"type":"input_text","text":"what"},{"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"low"}]}]}""",
        """[{"role":"user","content":[{"type":"text","text":"what"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low"}}]}]""")]
    [InlineData("""{"input":[{"role":"user","content":[{"type":"input_file","filename":"a.pdf","file_data":"data:x"},{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]}]}""",
        """[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:x"}},{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]}]""")]
    // Text and parallel calls of one answer make one message; reasoning between them is dropped.
    [InlineData("""{"input":[{"role":"assistant","content":"Looking."},{"type":"reasoning","id":"rs","summary":[],"encrypted_content":"x"},{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"},{"type":"function_call","call_id":"c2","name":"g","arguments":""},{"type":"function_call_output","call_id":"c2","output":"two"},{"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"o"},{"type":"input_text","text":"ne"}]}]}""",
        """[{"role":"assistant","content":"Looking.","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c2","content":"two"},{"role":"tool","tool_call_id":"c1","content":"o\nne"}]""")]
    // A call after a result begins a new message.
    [InlineData("""{"input":[{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"1"},{"type":"function_call","call_id":"c2","name":"f","arguments":"{}"}]}""",
        """[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"1"},{"role":"assistant","content":null,"tool_calls":[{"id":"c2","type":"function","function":{"name":"f","arguments":"{}"}}]}]""")]
    // Custom tools are functions with one string.
    [InlineData("""{"input":[{"type":"custom_tool_call","call_id":"c1","name":"apply_patch","input":"*** \"x\"\n"},{"type":"custom_tool_call_output","call_id":"c1","output":"ok"}]}""",
        """[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"apply_patch","arguments":"{\"input\":\"*** \\\"x\\\"\\n\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"ok"}]""")]
    // An image that a tool returned follows the last result.
    [InlineData("""{"input":[{"type":"function_call","call_id":"c1","name":"view_image","arguments":"{}"},{"type":"function_call","call_id":"c2","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":[{"type":"input_image","image_url":"data:i"}]},{"type":"function_call_output","call_id":"c2","output":"2"}]}""",
        """[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"view_image","arguments":"{}"}},{"id":"c2","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"[The image is attached in the next user message.]"},{"role":"tool","tool_call_id":"c2","content":"2"},{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:i"}}]}]""")]
    // Traces of hosted tools are left out.
    [InlineData("""{"input":[{"role":"user","content":"q"},{"type":"web_search_call","id":"ws","status":"completed"},{"role":"assistant","content":"a"}]}""",
        """[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]""")]
    // Half a surrogate pair is no text; it must not fail either.
    [InlineData("""{"input":"a\ud83d b"}""", """[{"role":"user","content":"a\ufffd b"}]""")]
    public void ResponsesToChat_Input_BecomesMessages(string request, string messages) =>
        Wires.Same(messages, Wires.Json(Wires.ToChat(request).Request)["messages"]);

    [Theory]
    [InlineData("""{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":false}""",
        """{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":false}}""")]
    [InlineData("""{"type":"namespace","name":"agents","tools":[{"type":"function","name":"spawn","parameters":{}}]}""",
        """{"type":"function","function":{"name":"agents__spawn","parameters":{}}}""")]
    [InlineData("""{"type":"custom","name":"patch","description":"Edits.","format":{"type":"grammar","syntax":"lark","definition":"start: X"}}""",
        """{"type":"function","function":{"name":"patch","description":"Edits.\nThe input must match this lark grammar:\nstart: X","parameters":{"type":"object","properties":{"input":{"type":"string","description":"The whole input of the tool, as plain text."}},"required":["input"],"additionalProperties":false}}}""")]
    public void ResponsesToChat_Tool_BecomesFunction(string tool, string expected) =>
        Wires.Same($"[{expected}]", Wires.Json(Wires.ToChat($$"""{"input":"x","tools":[{"type":"web_search"},{{tool}}]}""").Request)["tools"]);

    [Theory]
    [InlineData("\"required\"", "\"required\"")]
    [InlineData("""{"type":"function","name":"f"}""", """{"type":"function","function":{"name":"f"}}""")]
    [InlineData("""{"type":"function","namespace":"n","name":"g"}""", """{"type":"function","function":{"name":"n__g"}}""")]
    [InlineData("""{"type":"custom","name":"c"}""", """{"type":"function","function":{"name":"c"}}""")]
    [InlineData("""{"type":"web_search"}""", null)]
    [InlineData("""{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"g"}]}""", "\"required\"")]
    public void ResponsesToChat_ToolChoice_IsMapped(string choice, string? expected)
    {
        var chat = Wires.Json(Wires.ToChat($$"""
            {"input":"x","tool_choice":{{choice}},"parallel_tool_calls":false,"tools":[
              {"type":"function","name":"f"},{"type":"custom","name":"c"},{"type":"namespace","name":"n","tools":[{"type":"function","name":"g"}]}]}
            """).Request);

        if (expected is null)
            Assert.Null(chat["tool_choice"]);
        else
            Wires.Same(expected, chat["tool_choice"]);
        Assert.False((bool)chat["parallel_tool_calls"]!);
        Assert.Equal(choice.Contains("allowed_tools") ? ["n__g"] : ["f", "c", "n__g"], chat["tools"]!.AsArray().Select(t => (string)t!["function"]!["name"]!));
    }

    [Fact]
    public void ResponsesToChat_OnlyHostedTools_LeavesNoToolMembers()
    {
        var chat = Wires.Json(Wires.ToChat("""{"input":"x","tools":[{"type":"web_search"}],"tool_choice":"auto","parallel_tool_calls":true}""").Request).AsObject();

        Assert.Equal(["messages"], chat.Select(m => m.Key));
    }

    [Fact]
    public void ResponsesToChat_Parameters_AreMappedAndUnknownOnesDropped()
    {
        var chat = Wires.Json(Wires.ToChat("""
            {"model":"auto","input":"x","stream":true,"temperature":0.2,"top_p":0.9,"stop":["\n"],"seed":7,"user":"u","metadata":{"k":"v"},"service_tier":"flex",
             "prompt_cache_key":"p","top_k":20,"max_output_tokens":99,"reasoning":{"effort":"low","summary":"auto"},"include":["reasoning.encrypted_content"],
             "text":{"verbosity":"low","format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true}},"top_logprobs":3,
             "store":false,"truncation":"auto","client_metadata":{"a":"b"},"previous_response_id":"resp_x"}
            """).Request).AsObject();
        chat.Remove("messages");

        Wires.Same("""
            {"model":"auto","temperature":0.2,"top_p":0.9,"stop":["\n"],"seed":7,"user":"u","metadata":{"k":"v"},"prompt_cache_key":"p","service_tier":"flex","top_k":20,
             "max_completion_tokens":99,"max_tokens":99,"reasoning_effort":"low","verbosity":"low",
             "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}},
             "logprobs":true,"top_logprobs":3,"stream":true,"stream_options":{"include_usage":true}}
            """, chat);
    }

    [Theory]
    [InlineData("""{"type":"function_call","name":"f","arguments":"{}"}""", "input[0].call_id")]
    [InlineData("""{"type":"function_call","call_id":"c","arguments":"{}"}""", "input[0].name")]
    [InlineData("""{"type":"function_call_output","output":"x"}""", "input[0].call_id")]
    [InlineData("""{"role":"user","content":[{"type":"input_image","file_id":"file-1"}]}""", "input[0].content[0].image_url")]
    public void ResponsesToChat_WhatCannotBeSaid_NamesTheMember(string item, string param)
    {
        var refused = Assert.Throws<ApiException>(() => Wires.ToChat($$"""{"input":[{{item}}]}"""));

        Assert.Equal((400, param), (refused.Error.Status, refused.Error.Param));
    }
}
