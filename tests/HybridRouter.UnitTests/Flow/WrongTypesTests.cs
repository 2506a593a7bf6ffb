using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Flow;
using HybridRouter.Intake;
using HybridRouter.Routing;
using HybridRouter.UnitTests.Callers;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.UnitTests.Flow;

/// <summary>Puts every wrong type at every place of rich bodies: each is refused with a 400 or served, never an exception.</summary>
public sealed class WrongTypesTests
{
    private static readonly string[] Values = ["null", "7", "-1", "1e999", "\"x\"", "\"\"", "true", "[]", "[null]", "[[]]", "{}", "{\"type\":7}", "\"\\ud83d\""];

    public static TheoryData<WireApi, string> Bodies => new()
    {
        {
            WireApi.ChatCompletions,
            """
            {"model":"auto","stream":true,"stream_options":{"include_usage":false,"x":1},"n":1,"logprobs":false,"max_tokens":5,"max_completion_tokens":5,"temperature":1,"top_p":1,
             "stop":["a"],"seed":1,"user":"u","prompt_cache_key":"k","response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{}}},"reasoning_effort":"low","tool_choice":{"type":"function","function":{"name":"f"}},
             "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}}],"parallel_tool_calls":true,"metadata":{"a":"b"},
             "messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"t"},{"type":"image_url","image_url":{"url":"data:,"}}]},
              {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}]}
            """
        },
        {
            WireApi.Responses,
            """
            {"model":"auto","stream":true,"instructions":"i","store":false,"reasoning":{"effort":"low","summary":"auto"},"include":["reasoning.encrypted_content"],"prompt_cache_key":"k","max_output_tokens":20,
             "temperature":1,"top_p":1,"top_logprobs":null,"metadata":{"a":"b"},"text":{"format":{"type":"json_schema","name":"s","schema":{},"strict":true},"verbosity":"low"},"parallel_tool_calls":true,"truncation":"auto",
             "tool_choice":{"type":"function","name":"f"},"tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":false},{"type":"custom","name":"c","format":{"type":"grammar","syntax":"lark","definition":"x"}},
              {"type":"namespace","name":"ns","description":"d","tools":[{"type":"function","name":"g","parameters":{}}]},{"type":"web_search"}],
             "input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]},{"role":"user","content":[{"type":"input_text","text":"t"},{"type":"input_image","image_url":"data:,","detail":"auto"}]},
              {"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"s"}],"encrypted_content":"e"},{"type":"message","id":"m","role":"assistant","status":"completed","content":[{"type":"output_text","text":"o","annotations":[]}]},
              {"type":"function_call","id":"i","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"r"}]},
              {"type":"custom_tool_call","call_id":"d","name":"c","input":"x"},{"type":"custom_tool_call_output","call_id":"d","output":"r"}]}
            """
        },
        { WireApi.Completions, """{"model":"auto","prompt":["p"],"suffix":"s","max_tokens":3,"n":1,"best_of":1,"echo":false,"logprobs":1,"stream":true,"stream_options":{"include_usage":true},"stop":"x"}""" },
        { WireApi.Embeddings, """{"model":"auto","input":["a","b"],"encoding_format":"float","dimensions":3,"user":"u"}""" },
    };

    [Theory, MemberData(nameof(Bodies))]
    public async Task Run_WrongTypeAnywhere_IsRefusedOrServed(WireApi api, string body)
    {
        var (refused, served) = (0, 0);
        foreach (var json in Variants(body))
        {
            try
            {
                using var request = RequestReader.Read(api, Encoding.UTF8.GetBytes(json), RequestContext.None);
                foreach (var spoken in new[] { api, api == WireApi.Responses ? WireApi.ChatCompletions : WireApi.Responses })
                {
                    if (Capability.Speaks(new ServedModel("m", "m") { Apis = spoken }, api))
                        await RunAsync(request, spoken);
                }
                served++;
            }
            catch (ApiException e)
            {
                Assert.InRange(e.Error.Status, 400, 499);
                refused++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{e.GetType().Name}: {e.Message}\n{json}\n{e.StackTrace}");
            }
        }
        Assert.True(refused > 10 && served > 10, $"{refused} refused, {served} served");
    }

    private static async Task RunAsync(ModelRequest request, WireApi spoken)
    {
        var backend = new ScriptedBackend("b", RouteKind.Local).Fails(FailureKind.ServerError);
        var plan = new RoutePlan([new RouteStep(new RouteTarget(backend, new ServedModel("m", "up") { Apis = spoken }), "test")]);
        await using var answer = await Gates.Runner().RunAsync(request, plan, null, Gates.NoRules, CancellationToken.None);

        if (backend.Asked.Count == 0)
            throw new ApiException(Assert.IsType<BackendReply.Failed>(answer.Reply).Failure.Error);
        // What is sent is JSON with the target's name, whatever came in.
        using var sent = JsonBody.Parse(Assert.Single(backend.Asked).Body);
        Assert.Equal("up", sent.Root.GetProperty("model").GetString());
    }

    private static IEnumerable<string> Variants(string body)
    {
        var places = new List<string>();
        Collect(JsonNode.Parse(body)!, places);
        foreach (var place in places.Where(p => p != "$"))
        {
            foreach (var value in Values)
            {
                // The lone surrogate is put in as text, as a node refuses it.
                const string mark = "\"@here@\"";
                var root = JsonNode.Parse(body)!;
                Replace(root, place, JsonNode.Parse(mark)!);
                yield return root.ToJsonString().Replace(mark, value, StringComparison.Ordinal);
            }
        }
    }

    private static void Collect(JsonNode node, List<string> places)
    {
        places.Add(node.GetPath());
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject parent => parent.Select(m => m.Value),
            JsonArray items => items,
            _ => [],
        };
        foreach (var child in children)
        {
            if (child is not null)
                Collect(child, places);
        }
    }

    private static void Replace(JsonNode root, string place, JsonNode value)
    {
        var queue = new Queue<JsonNode>([root]);
        while (queue.TryDequeue(out var node))
        {
            if (node.GetPath() == place)
            {
                node.ReplaceWith(value);
                return;
            }
            foreach (var child in node is JsonObject parent ? parent.Select(m => m.Value) : node is JsonArray items ? items : [])
            {
                if (child is not null)
                    queue.Enqueue(child);
            }
        }
        Assert.Fail($"No such place: {place}");
    }
}
