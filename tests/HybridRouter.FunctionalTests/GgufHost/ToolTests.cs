using System.Text.Json.Nodes;

namespace HybridRouter.FunctionalTests.GgufHost;

public sealed class ToolTests(GgufHostFixture fixture)
{
    private const string User = """{"role":"user","content":"Look around, please. demo:tool"}""";

    private const string Tools = """
        "tools":[
          {"type":"function","function":{"name":"exec_command","strict":false,"parameters":{"type":"object","properties":{"cmd":{"type":"string"},"workdir":{"type":"string"},"timeout":{"type":"number"}},"required":["cmd"]}}},
          {"type":"function","function":{"name":"exec_commands","parameters":{}}},
          {"type":"function","function":{"name":"create_goal"}}]
        """;

    [Fact]
    public async Task Tools_Offered_FirstIsCalledWithRequiredArgumentsOnly()
    {
        using var http = await fixture.ClientAsync();

        var choice = await new GgufHostClient(http).ChatAsync($$"""{"messages":[{{User}}],{{Tools}}}""");

        Assert.Equal("tool_calls", (string?)choice["finish_reason"]);
        Assert.Null(choice["message"]!["content"]);
        var call = Assert.Single(choice["message"]!["tool_calls"]!.AsArray())!;
        Assert.Equal("function", (string?)call["type"]);
        Assert.StartsWith("call_", (string?)call["id"], StringComparison.Ordinal);
        Assert.Equal("exec_command", (string?)call["function"]!["name"]);
        Assert.Equal("""{"cmd":"echo hybridrouter"}""", (string?)call["function"]!["arguments"]);
    }

    [Fact]
    public async Task Tools_Streamed_FirstDeltaNamesTheCallAndLaterOnesCarryArguments()
    {
        using var http = await fixture.ClientAsync();

        var chunks = await new GgufHostClient(http).StreamAsync("chat/completions", $$"""{"stream":true,"messages":[{{User}}],{{Tools}}}""");

        var deltas = chunks.Select(c => c["choices"]![0]!["delta"]!["tool_calls"]?[0]).OfType<JsonNode>().ToList();
        Assert.Equal("exec_command", (string?)deltas[0]["function"]!["name"]);
        Assert.Equal("function", (string?)deltas[0]["type"]);
        Assert.NotNull((string?)deltas[0]["id"]);
        Assert.All(deltas, d => Assert.Equal(0, (int)d["index"]!));
        Assert.All(deltas[1..], d => Assert.Null(d["id"]));
        Assert.Equal("""{"cmd":"echo hybridrouter"}""", string.Concat(deltas.Select(d => (string?)d["function"]!["arguments"])));
        Assert.Equal("tool_calls", (string?)chunks[^1]["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task Tools_ResultPresent_AnswersInsteadOfCallingAgain()
    {
        using var http = await fixture.ClientAsync();
        const string call = """{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"exec_command","arguments":"{\"cmd\":\"pwd\"}"}}]}""";
        const string result = """{"role":"tool","tool_call_id":"c1","content":"/home"}""";

        var choice = await new GgufHostClient(http).ChatAsync($$"""{"messages":[{{User}},{{call}},{{result}}],{{Tools}}}""");

        Assert.Equal("stop", (string?)choice["finish_reason"]);
        Assert.StartsWith("The tool ran and its result came back", (string?)choice["message"]!["content"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tools_AskedAgainAfterAResult_CallsAgain()
    {
        using var http = await fixture.ClientAsync();
        const string result = """{"role":"tool","tool_call_id":"c1","content":"/home"}""";

        var choice = await new GgufHostClient(http).ChatAsync($$"""{"messages":[{{User}},{{result}},{"role":"assistant","content":"Done."},{{User}}],{{Tools}}}""");

        Assert.Equal("tool_calls", (string?)choice["finish_reason"]);
    }

    [Theory]
    [InlineData("""{"type":"function","function":{"name":"create_goal"}}""", "create_goal", "{}")]
    [InlineData("\"required\"", "exec_command", """{"cmd":"echo hybridrouter"}""")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"create_goal"}}]}}""", "create_goal", "{}")]
    public async Task ToolChoice_Forced_IsCalledWithoutTrigger(string toolChoice, string name, string arguments)
    {
        using var http = await fixture.ClientAsync();

        var choice = await new GgufHostClient(http).ChatAsync($$"""{"tool_choice":{{toolChoice}},"messages":[{"role":"user","content":"Hello"}],{{Tools}}}""");

        Assert.Equal("tool_calls", (string?)choice["finish_reason"]);
        Assert.Equal(name, (string?)choice["message"]!["tool_calls"]![0]!["function"]!["name"]);
        Assert.Equal(arguments, (string?)choice["message"]!["tool_calls"]![0]!["function"]!["arguments"]);
    }

    [Theory]
    [InlineData("\"tool_choice\":\"none\",")]
    [InlineData("")]
    public async Task ToolChoice_NoneOrNoTrigger_AnswersInText(string toolChoice)
    {
        using var http = await fixture.ClientAsync();
        var user = toolChoice.Length > 0 ? User : """{"role":"user","content":"Hello"}""";

        var choice = await new GgufHostClient(http).ChatAsync("{" + toolChoice + $"\"messages\":[{user}],{Tools}}}");

        Assert.Equal("stop", (string?)choice["finish_reason"]);
        Assert.StartsWith("I am", (string?)choice["message"]!["content"], StringComparison.Ordinal);
    }

    /// <summary>Schemas as clients send them; each must give arguments that hold the required members.</summary>
    [Theory]
    [InlineData("""{"type":"object"}""", "")]
    [InlineData("""{}""", "")]
    [InlineData("""{"type":"object","properties":{}}""", "")]
    [InlineData("""{"type":"object","properties":{"a":{"enum":["x","y"]},"b":{"type":"integer"}},"required":["a","b"],"additionalProperties":false}""", "a b")]
    [InlineData("""{"type":"object","properties":{"list":{"type":"array","minItems":2,"items":{"type":"object","properties":{"step":{"type":"string"},"done":{"type":"boolean"}},"required":["step","done"]}}},"required":["list"]}""", "list")]
    [InlineData("""{"type":"object","properties":{"v":{"anyOf":[{"type":"string"},{"type":"null"}]},"w":{"type":["number","null"]},"any":{}},"required":["v","w","any"]}""", "v w any")]
    [InlineData("""{"type":"object","properties":{"node":{"$ref":"#/$defs/node"}},"required":["node"],"$defs":{"node":{"type":"object","properties":{"name":{"const":"n"},"next":{"$ref":"#/$defs/node"}},"required":["name"]}}}""", "node")]
    [InlineData("""{"type":"object","properties":{"q\"uote":{"type":"string","pattern":"^a+$","minLength":3,"maxLength":70000}},"required":["q\"uote"]}""", "q\"uote")]
    [InlineData("""{"type":"object","properties":{"m":{"type":"object","additionalProperties":{"type":"number"}},"c":{"allOf":[{"type":"object","properties":{"x":{"type":"string"}}},{"required":["x"]}]}},"required":["m","c"]}""", "m c")]
    public async Task Tools_AnySchema_GivesValidArguments(string schema, string required)
    {
        using var http = await fixture.ClientAsync();
        var request = """{"max_tokens":400,"messages":[USER],"tools":[{"type":"function","function":{"name":"Plugin-do_it.v2","parameters":SCHEMA}}]}"""
            .Replace("USER", User, StringComparison.Ordinal).Replace("SCHEMA", schema, StringComparison.Ordinal);

        var choice = await new GgufHostClient(http).ChatAsync(request);

        Assert.Equal("tool_calls", (string?)choice["finish_reason"]);
        var function = choice["message"]!["tool_calls"]![0]!["function"]!;
        Assert.Equal("Plugin-do_it.v2", (string?)function["name"]);
        var arguments = JsonNode.Parse((string)function["arguments"]!)!.AsObject();
        Assert.All(required.Split(' ', StringSplitOptions.RemoveEmptyEntries), name => Assert.True(arguments.ContainsKey(name), name));
    }

    [Fact]
    public async Task ResponseFormat_JsonSchema_BindsTheAnswer()
    {
        using var http = await fixture.ClientAsync();
        const string format = """{"type":"json_schema","json_schema":{"name":"r","strict":true,"schema":{"type":"object","properties":{"title":{"type":"string"},"count":{"type":"integer"},"tags":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":3}},"required":["title","count","tags"],"additionalProperties":false}}}""";

        var choice = await new GgufHostClient(http).ChatAsync($$"""{"max_tokens":400,"response_format":{{format}},"messages":[{"role":"user","content":"Hello"}]}""");

        Assert.Equal("stop", (string?)choice["finish_reason"]);
        var answer = JsonNode.Parse((string)choice["message"]!["content"]!)!.AsObject();
        Assert.Equal(["title", "count", "tags"], answer.Select(member => member.Key));
        _ = (long)answer["count"]!;
        Assert.InRange(answer["tags"]!.AsArray().Count, 1, 3);
    }

    [Fact]
    public async Task ResponseFormat_JsonObject_GivesAnObject()
    {
        using var http = await fixture.ClientAsync();
        var choice = await new GgufHostClient(http).ChatAsync("""{"max_tokens":400,"response_format":{"type":"json_object"},"messages":[{"role":"user","content":"Hello"}]}""");
        Assert.IsType<JsonObject>(JsonNode.Parse((string)choice["message"]!["content"]!));
    }
}
