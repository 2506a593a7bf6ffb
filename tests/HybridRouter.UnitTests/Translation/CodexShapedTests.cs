using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Translation;

/// <summary>A request in the shape that Codex sends, through a chat engine and back.</summary>
public class CodexShapedTests
{
    private static readonly string[] Functions = ["exec_command", "write_stdin", "request_user_input", "view_image", "get_goal", "create_goal", "update_goal"];

    [Fact]
    public void ResponsesToChat_FirstTurn_KeepsAllThatAChatEngineCanUse()
    {
        var chat = Wires.Json(Wires.ToChat(Request()).Request).AsObject();

        Assert.Equal(["model", "messages", "tools", "tool_choice", "parallel_tool_calls", "prompt_cache_key", "stream", "stream_options"], chat.Select(m => m.Key));
        Assert.Equal(["system", "user", "user"], chat["messages"]!.AsArray().Select(m => (string)m!["role"]!));
        Assert.All(chat["messages"]!.AsArray(), m => Assert.Equal(JsonValueKind.String, m!["content"]!.GetValueKind()));
        Assert.Equal([.. Functions, "multi_agent_v1__spawn_agent", "multi_agent_v1__close_agent"], chat["tools"]!.AsArray().Select(t => (string)t!["function"]!["name"]!));
        Assert.All(chat["tools"]!.AsArray(), t => Assert.False((bool)t!["function"]!["strict"]!));
    }

    [Fact]
    public async Task Stream_ToolTurnWithHistory_AnswersWithTheClientsNames()
    {
        var translation = Wires.ToChat(Request(
            """{"type":"reasoning","id":"rs_1","summary":[],"content":null,"encrypted_content":"abc"}""",
            """{"type":"message","role":"assistant","content":[{"type":"output_text","text":"I'll look."}]}""",
            """{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"ls\"}","call_id":"call_1"}""",
            """{"type":"function_call","name":"spawn_agent","namespace":"multi_agent_v1","arguments":"{}","call_id":"call_2"}""",
            """{"type":"function_call_output","call_id":"call_1","output":"README.md\n"}""",
            """{"type":"function_call_output","call_id":"call_2","output":"started"}"""));
        var messages = Wires.Json(translation.Request)["messages"]!.AsArray();

        var events = await Wires.StreamAsync(translation,
        [
            Wires.Text("Done. "),
            Wires.Delta("""{"tool_calls":[{"index":0,"id":"call_3","type":"function","function":{"name":"multi_agent_v1__close_agent","arguments":"{}"}}]}"""),
            Wires.Delta("{}", "tool_calls"), "[DONE]",
        ]);

        Assert.Equal(["system", "user", "user", "assistant", "tool", "tool"], messages.Select(m => (string)m!["role"]!));
        Assert.Equal(["exec_command", "multi_agent_v1__spawn_agent"], messages[3]!["tool_calls"]!.AsArray().Select(c => (string)c!["function"]!["name"]!));
        Assert.Equal("I'll look.", (string?)messages[3]!["content"]);
        var call = events.OfType("response.output_item.done").Last()["item"]!;
        Assert.Equal(("close_agent", "multi_agent_v1", "call_3"), ((string?)call["name"], (string?)call["namespace"], (string?)call["call_id"]));
        Transcript.Check(events);
    }

    [Fact]
    public void Read_CodexShape_CanBeServedLocally()
    {
        using var request = RequestReader.Read(WireApi.Responses, Wires.Body(Request()).Utf8, RequestContext.None);

        Assert.Null(request.Needs.CloudOnly);
    }

    private static string Request(params string[] history)
    {
        JsonNode Message(string role, string text) => JsonNode.Parse($$"""{"type":"message","role":"{{role}}","content":[{"type":"input_text","text":{{JsonSerializer.Serialize(text)}}}]}""")!;
        JsonNode Function(string name) => JsonNode.Parse($$$"""{"type":"function","name":"{{{name}}}","description":"Does {{{name}}}.","strict":false,"parameters":{"type":"object","properties":{"cmd":{"type":"string"}},"additionalProperties":false}}""")!;
        var agents = new JsonObject
        {
            ["type"] = "namespace", ["name"] = "multi_agent_v1", ["description"] = "Other agents.",
            ["tools"] = new JsonArray(Function("spawn_agent"), Function("close_agent")),
        };
        return new JsonObject
        {
            ["model"] = "auto",
            ["input"] = new JsonArray(
            [
                Message("developer", "You are a coding agent.\n" + new string('x', 17_000)),
                Message("user", "<environment_context>\n  <cwd>/tmp</cwd>\n</environment_context>"),
                Message("user", "List the files."),
                .. history.Select(h => JsonNode.Parse(h)),
            ]),
            ["tools"] = new JsonArray([.. Functions.Select(Function), agents, new JsonObject { ["type"] = "web_search", ["external_web_access"] = false }]),
            ["tool_choice"] = "auto",
            ["parallel_tool_calls"] = true,
            ["reasoning"] = new JsonObject { ["summary"] = "auto" },
            ["store"] = false,
            ["stream"] = true,
            ["include"] = new JsonArray("reasoning.encrypted_content"),
            ["prompt_cache_key"] = "019ab",
            ["client_metadata"] = new JsonObject { ["x"] = "y" },
        }.ToJsonString();
    }
}
