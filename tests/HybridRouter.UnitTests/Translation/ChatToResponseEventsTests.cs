using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Translation;

/// <summary>A chat stream on its way to a Responses client.</summary>
public class ChatToResponseEventsTests
{
    private const string Usage = """{"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}""";
    private const string WithTools = """{"model":"auto","input":"x","stream":true,"tools":[{"type":"function","name":"f"},{"type":"custom","name":"patch"},{"type":"namespace","name":"agents","tools":[{"type":"function","name":"spawn"}]}]}""";

    [Fact]
    public async Task Stream_PlainText_GivesTheEventsInOrder()
    {
        var events = await Wires.StreamAsync(Wires.ToChat("""{"model":"auto","input":"Hi","stream":true}"""),
            [Wires.Delta("""{"role":"assistant","content":""}"""), Wires.Text("Hel"), Wires.Text("lo"), Wires.Delta("{}", "stop"), Usage, "[DONE]"]);

        Assert.Equal(
            ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
             "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"],
            events.Select(e => e.Type));
        string[] expected =
        [
            """{"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_2","type":"message","role":"assistant","content":[],"status":"in_progress"}}""",
            """{"type":"response.content_part.added","sequence_number":3,"item_id":"msg_2","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}""",
            """{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_2","output_index":0,"content_index":0,"delta":"Hel","logprobs":[]}""",
            """{"type":"response.output_text.delta","sequence_number":5,"item_id":"msg_2","output_index":0,"content_index":0,"delta":"lo","logprobs":[]}""",
            """{"type":"response.output_text.done","sequence_number":6,"item_id":"msg_2","output_index":0,"content_index":0,"text":"Hello","logprobs":[]}""",
            """{"type":"response.content_part.done","sequence_number":7,"item_id":"msg_2","output_index":0,"content_index":0,"part":{"type":"output_text","text":"Hello","annotations":[],"logprobs":[]}}""",
            """{"type":"response.output_item.done","sequence_number":8,"output_index":0,"item":{"id":"msg_2","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello","annotations":[],"logprobs":[]}],"status":"completed"}}""",
        ];
        Assert.Equal(expected, events.Skip(2).Take(7).Select(e => Wires.Line(e.Data)));
    }

    [Fact]
    public async Task Stream_Completed_CarriesTheWholeResponse()
    {
        var events = await Wires.StreamAsync(
            Wires.ToChat("""{"model":"auto","input":"Hi","stream":true,"instructions":"I","metadata":{"a":"b"},"temperature":0.5,"store":false,"reasoning":{"effort":"low"},"text":{"verbosity":"low"},"tools":[{"type":"web_search"}]}"""),
            [Wires.Text("ok"), Wires.Delta("{}", "stop"), Usage, "[DONE]"]);

        Wires.Same("""
            {"id":"resp_1","object":"response","created_at":1800000000,"status":"completed","background":false,"completed_at":1800000000,"error":null,"incomplete_details":null,
             "model":"tiny","output":[{"id":"msg_2","type":"message","role":"assistant","content":[{"type":"output_text","text":"ok","annotations":[],"logprobs":[]}],"status":"completed"}],
             "instructions":"I","max_output_tokens":null,"max_tool_calls":null,"metadata":{"a":"b"},"parallel_tool_calls":true,"previous_response_id":null,"prompt_cache_key":null,
             "safety_identifier":null,"store":false,"temperature":0.5,"tool_choice":"auto","tools":[{"type":"web_search"}],"top_logprobs":0,"top_p":1,"truncation":"disabled","user":null,
             "reasoning":{"effort":"low","summary":null},"text":{"format":{"type":"text"},"verbosity":"low"},"service_tier":"default",
             "usage":{"input_tokens":11,"input_tokens_details":{"cached_tokens":4},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":18}}
            """, Wires.Json(events[^1].Data)["response"]);
        Assert.Equal("in_progress", (string?)Wires.Json(events[0].Data)["response"]!["status"]);
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => (int)Wires.Json(e.Data)["sequence_number"]!));
    }

    [Fact]
    public async Task Stream_RequestOverSeveralLines_KeepsEachEventOnOne()
    {
        var events = await Wires.StreamAsync(Wires.ToChat("""
            { "model": "auto", "input": "x", "stream": true,
              "tools": [ { "type": "function", "name": "f",
                           "description": "two\nlines \" and: a quote" } ] }
            """), [Wires.Text("ok"), "[DONE]"]);

        Assert.All(events, e => Assert.DoesNotContain('\n', Wires.Line(e.Data)));
        Assert.Equal("two\nlines \" and: a quote", (string?)Wires.Json(events[^1].Data)["response"]!["tools"]![0]!["description"]);
    }

    [Fact]
    public async Task Stream_TextThenCall_ClosesTheTextFirst()
    {
        var events = await Wires.StreamAsync(Wires.ToChat(WithTools),
        [
            Wires.Text("Let me see."),
            Wires.Delta("""{"tool_calls":[{"index":0,"id":"call_9","type":"function","function":{"name":"f","arguments":""}}]}"""),
            Wires.Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"""),
            Wires.Delta("""{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}"""),
            Wires.Delta("{}", "tool_calls"), "[DONE]",
        ]);

        Assert.Equal(
            ["response.output_text.done", "response.content_part.done", "response.output_item.done", "response.output_item.added", "response.function_call_arguments.delta",
             "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.output_item.done", "response.completed"],
            events.Skip(5).Select(e => e.Type));
        Wires.Same("""{"id":"fc_3","type":"function_call","call_id":"call_9","name":"f","arguments":"","status":"in_progress"}""", events.OfType("response.output_item.added").Last()["item"]);
        Wires.Same("""{"type":"response.function_call_arguments.done","sequence_number":11,"item_id":"fc_3","output_index":1,"name":"f","arguments":"{\"a\":1}"}""",
            events.OfType("response.function_call_arguments.done").Single());
        Wires.Same("""{"id":"fc_3","type":"function_call","call_id":"call_9","name":"f","arguments":"{\"a\":1}","status":"completed"}""", events.OfType("response.output_item.done").Last()["item"]);
    }

    public static TheoryData<string, string[]> OddOrders => new()
    {
        { "interleaved", ["""{"index":0,"id":"a","function":{"name":"f","arguments":"{\"n"}}""", """{"index":1,"id":"b","function":{"name":"f","arguments":"{\"n"}}""", """{"index":0,"function":{"arguments":"\":1}"}}""", """{"index":1,"function":{"arguments":"\":2}"}}"""] },
        { "arguments before the name", ["""{"index":0,"id":"a","function":{"arguments":"{\"n\":1}"}}""", """{"index":1,"id":"b","function":{"name":"f","arguments":"{\"n\":2}"}}""", """{"index":0,"function":{"name":"f"}}"""] },
        { "index 0 for both", ["""{"index":0,"id":"a","function":{"name":"f","arguments":"{\"n\":1}"}}""", """{"index":0,"id":"b","function":{"name":"f","arguments":"{\"n\":2}"}}"""] },
        { "no index", ["""{"id":"a","function":{"name":"f","arguments":"{\"n\""}}""", """{"function":{"arguments":":1}"}}""", """{"id":"b","function":{"name":"f","arguments":"{\"n\":2}"}}"""] },
        { "id and name repeated", ["""{"index":0,"id":"a","function":{"name":"f","arguments":"{\"n\""}}""", """{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}""", """{"index":1,"id":"b","function":{"name":"f","arguments":"{\"n\":2}"}}"""] },
        { "arguments as an object", ["""{"index":0,"id":"a","function":{"name":"f","arguments":{"n":1}}}""", """{"index":1,"id":"b","function":{"name":"f","arguments":{"n":2}}}"""] },
    };

    [Theory]
    [MemberData(nameof(OddOrders))]
    public async Task Stream_TwoCallsInOddOrder_AreToldApart(string order, string[] deltas)
    {
        var events = await Wires.StreamAsync(Wires.ToChat(WithTools),
            [.. deltas.Select(d => Wires.Delta($$"""{"tool_calls":[{{d}}]}""")), Wires.Delta("{}", "tool_calls"), "[DONE]"]);

        Assert.True(order.Length > 0);
        Assert.Equal(["a {\"n\":1}", "b {\"n\":2}"],
            events.OfType("response.output_item.done").Select(e => $"{e["item"]!["call_id"]} {e["item"]!["arguments"]}").Order());
        Assert.Equal("response.completed", events[^1].Type);
        Transcript.Check(events);
    }

    [Fact]
    public async Task Stream_CallsOfOtherKinds_GoBackAsTheClientKnowsThem()
    {
        var events = await Wires.StreamAsync(Wires.ToChat(WithTools),
        [
            Wires.Delta("""{"tool_calls":[{"index":0,"id":"c1","function":{"name":"agents__spawn","arguments":""}}]}"""),
            Wires.Delta("""{"tool_calls":[{"index":1,"id":"c2","function":{"name":"patch","arguments":"{\"input\":\"*** a\\n"}}]}"""),
            Wires.Delta("""{"tool_calls":[{"index":1,"function":{"arguments":"b\"}"}}]}""", "tool_calls"), "[DONE]",
        ]);

        Wires.Same("""
            [{"id":"fc_2","type":"function_call","call_id":"c1","name":"spawn","namespace":"agents","arguments":"{}","status":"completed"},
             {"id":"ctc_3","type":"custom_tool_call","call_id":"c2","name":"patch","input":"*** a\nb","status":"completed"}]
            """, Wires.Json(events[^1].Data)["response"]!["output"]);
        Assert.Equal("*** a\nb", (string?)events.OfType("response.custom_tool_call_input.delta").Single()["delta"]);
        Assert.Equal("*** a\nb", (string?)events.OfType("response.custom_tool_call_input.done").Single()["input"]);
        Transcript.Check(events);
    }

    [Fact]
    public async Task Stream_Reasoning_BecomesItsOwnItem()
    {
        var events = await Wires.StreamAsync(Wires.ToChat("""{"input":"x"}"""),
            [Wires.Delta("""{"reasoning_content":"Hm"}"""), Wires.Delta("""{"reasoning":"m."}"""), Wires.Text("Yes."), Wires.Delta("{}", "stop"), "[DONE]"]);

        Wires.Same("""[{"type":"reasoning_text","text":"Hmm."}]""", Wires.Json(events[^1].Data)["response"]!["output"]![0]!["content"]);
        Assert.Equal(["reasoning", "message"], events.OfType("response.output_item.done").Select(e => (string)e["item"]!["type"]!));
        Assert.Equal(["Hm", "m."], events.OfType("response.reasoning_text.delta").Select(e => (string)e["delta"]!));
        Transcript.Check(events);
    }

    [Theory]
    [InlineData("length", "max_output_tokens")]
    [InlineData("content_filter", "content_filter")]
    public async Task Stream_CutOffByTheModel_IsIncomplete(string finish, string reason)
    {
        var events = await Wires.StreamAsync(Wires.ToChat("""{"input":"x"}"""), [Wires.Text("abc"), Wires.Delta("{}", finish), "[DONE]"]);

        var response = events.OfType("response.incomplete").Single()["response"]!;
        Assert.Equal(("incomplete", reason), ((string?)response["status"], (string?)response["incomplete_details"]!["reason"]));
        Assert.Equal("incomplete", (string?)response["output"]![0]!["status"]);
    }

    [Fact]
    public async Task Stream_NothingSaid_StillHasAnEmptyMessage()
    {
        var events = await Wires.StreamAsync(Wires.ToChat("""{"input":"x"}"""), [Wires.Delta("{}", "stop"), "[DONE]"]);

        Assert.Equal("", (string?)Wires.Json(events[^1].Data)["response"]!["output"]![0]!["content"]![0]!["text"]);
        Assert.Equal(["response.output_text.done"], events.Select(e => e.Type!).Where(t => t.StartsWith("response.output_text")));
    }

    [Fact]
    public async Task Stream_Refusal_IsARefusalPart()
    {
        var events = await Wires.StreamAsync(Wires.ToChat("""{"input":"x"}"""), [Wires.Delta("""{"refusal":"I "}"""), Wires.Delta("""{"refusal":"won't."}""", "stop"), "[DONE]"]);

        Wires.Same("""[{"type":"refusal","refusal":"I won't."}]""", Wires.Json(events[^1].Data)["response"]!["output"]![0]!["content"]);
        Assert.Equal("I won't.", (string?)events.OfType("response.refusal.done").Single()["refusal"]);
    }

    [Fact]
    public async Task Stream_LogProbs_AreCarried()
    {
        const string Entry = """{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}""";
        var events = await Wires.StreamAsync(Wires.ToChat("""{"input":"x","top_logprobs":1}"""),
            [$$"""{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{{Entry}}]},"finish_reason":"stop"}]}""", "[DONE]"]);

        Wires.Same($"[{Entry}]", events.OfType("response.output_text.delta").Single()["logprobs"]);
        Wires.Same($"[{Entry}]", Wires.Json(events[^1].Data)["response"]!["output"]![0]!["content"]![0]!["logprobs"]);
    }

    [Theory]
    [InlineData("broken")]
    [InlineData("ends")]
    [InlineData("nonsense")]
    [InlineData("error")]
    public async Task Stream_BreaksInTheMiddle_EndsWithResponseFailed(string how)
    {
        string[] tail = how switch
        {
            "nonsense" => ["[1]"],
            "error" => ["""{"error":{"message":"x"}}"""],
            _ => [],
        };
        var events = await Wires.StreamAsync(Wires.ToChat("""{"input":"x"}"""), [Wires.Text("half"), .. tail], how == "broken" ? Wires.Broken : null);

        Assert.Equal("response.failed", events[^1].Type);
        var response = Wires.Json(events[^1].Data)["response"]!;
        Assert.Equal(("failed", "server_error"), ((string?)response["status"], (string?)response["error"]!["code"]));
        Assert.Empty(response["output"]!.AsArray());
        Assert.DoesNotContain(events, e => e.Type is "response.completed" or "response.output_item.done");
    }

    [Fact]
    public async Task Stream_BreaksBeforeAnything_Throws()
    {
        var thrown = await Assert.ThrowsAsync<BackendStreamException>(() => Wires.StreamAsync(Wires.ToChat("""{"input":"x"}"""), [], Wires.Broken));

        Assert.Same(Wires.Broken, thrown);
    }

    [Fact]
    public async Task Stream_EndsWithinACharacter_ShowsThatItIsMissing()
    {
        var events = await Wires.StreamAsync(Wires.ToChat("""{"input":"x"}"""), [Wires.Delta("""{"content":"a\ud83d"}""", "length"), "[DONE]"]);

        Assert.Equal("a\uFFFD", (string?)Wires.Json(events[^1].Data)["response"]!["output"]![0]!["content"]![0]!["text"]);
        Transcript.Check(events);
    }

    [Fact]
    public async Task Stream_FinishReasonWithoutDone_IsWhole() =>
        Assert.Equal("response.completed", (await Wires.StreamAsync(Wires.ToChat("""{"input":"x"}"""), [Wires.Text("a"), Wires.Delta("{}", "stop")]))[^1].Type);

    [Fact]
    public async Task Stream_Lazily_PassesTextOnBeforeTheSourceEnds()
    {
        var more = new TaskCompletionSource();
        var stream = Wires.ToChat("""{"input":"x"}""").Stream(Waiting(), TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        for (var i = 0; i < 5; i++)
            Assert.True(await stream.MoveNextAsync());

        Assert.Equal("response.output_text.delta", stream.Current.Type);
        var pending = stream.MoveNextAsync();
        Assert.False(pending.IsCompleted);
        more.SetResult();
        await pending;
        await stream.DisposeAsync();

        async IAsyncEnumerable<SseEvent> Waiting()
        {
            yield return new SseEvent(null, Wires.Bytes(Wires.Text("a")));
            await more.Task;
            yield return SseEvent.Done;
        }
    }
}
