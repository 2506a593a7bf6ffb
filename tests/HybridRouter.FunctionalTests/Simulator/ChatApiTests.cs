using System.Net;
using System.Text.Json;

namespace HybridRouter.FunctionalTests.Simulator;

public sealed class ChatApiTests
{
    private const string Tools = """
        ,"tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city","days"]}}},
        {"type":"function","function":{"name":"exec_command","parameters":{"type":"object","properties":{"cmd":{"type":"string"},"workdir":{"type":"string"}},"required":["cmd"]}}}]
        """;

    [Fact]
    public async Task Chat_NotStreamed_AnswersACompletionWithUsage()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.ChatAsync("Write quicksort in C#");
        var body = await CloudClient.JsonAsync(response);

        Assert.Equal("chat.completion", body.GetProperty("object").GetString());
        Assert.StartsWith("chatcmpl-", body.GetProperty("id").GetString());
        var choice = body.GetProperty("choices")[0];
        Assert.Contains("```csharp", choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        var usage = body.GetProperty("usage");
        Assert.Equal(
            usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32(),
            usage.GetProperty("total_tokens").GetInt32());
        Assert.Equal(0, usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
        Assert.Equal(0, usage.GetProperty("completion_tokens_details").GetProperty("reasoning_tokens").GetInt32());
        Assert.StartsWith("req_", response.Headers.GetValues("x-request-id").Single());
        Assert.True(response.Headers.Contains("openai-processing-ms"));
    }

    [Fact]
    public async Task Chat_SamePromptTwice_AnswersTheSameText_AnotherPromptAnother()
    {
        await using var client = await CloudClient.StartAsync();

        Assert.Equal(await TextAsync(client, "Reverse a string"), await TextAsync(client, "Reverse a string"));
        Assert.NotEqual(await TextAsync(client, "Reverse a string"), await TextAsync(client, "Design a scheduler"));
    }

    [Fact]
    public async Task Chat_Streamed_SendsRoleThenTextThenFinishThenUsageThenDone()
    {
        await using var client = await CloudClient.StartAsync();
        var whole = await TextAsync(client, "Reverse a string");

        using var response = await client.ChatAsync("Reverse a string", ""","stream":true,"stream_options":{"include_usage":true}""");
        var events = await CloudClient.EventsAsync(response);

        Assert.All(events, e => Assert.Null(e.Name));
        Assert.Equal("[DONE]", events[^1].Data);
        var chunks = events.SkipLast(1).Select(e => JsonDocument.Parse(e.Data).RootElement).ToList();
        Assert.Equal("assistant", chunks[0].GetProperty("choices")[0].GetProperty("delta").GetProperty("role").GetString());
        Assert.Single(chunks.Select(c => c.GetProperty("id").GetString()).Distinct());
        var text = chunks.SkipLast(2).Select(c => c.GetProperty("choices")[0].GetProperty("delta").GetProperty("content").GetString());
        Assert.Equal(whole, string.Concat(text));
        Assert.Equal("stop", chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.All(chunks.SkipLast(1), c => Assert.Equal(JsonValueKind.Null, c.GetProperty("usage").ValueKind));
        Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
        Assert.Equal(chunks.Count - 3, chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Chat_StreamedWithoutAsking_HasNoUsageMember()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.ChatAsync(more: ""","stream":true""");
        var events = await CloudClient.EventsAsync(response);

        Assert.DoesNotContain(events, e => e.Data.Contains("\"usage\""));
    }

    [Fact]
    public async Task Chat_AskedForTheCommand_StreamsAHarmlessCallInFragmentsThatFitTheSchema()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.ChatAsync("Please run the command that lists files", Tools + ""","stream":true""");
        var chunks = (await CloudClient.EventsAsync(response)).SkipLast(1).Select(e => JsonDocument.Parse(e.Data).RootElement.GetProperty("choices")[0]).ToList();

        var calls = chunks.Select(c => c.GetProperty("delta")).Where(d => d.TryGetProperty("tool_calls", out _)).Select(d => d.GetProperty("tool_calls")[0]).ToList();
        Assert.Equal("exec_command", calls[0].GetProperty("function").GetProperty("name").GetString());
        Assert.StartsWith("call_", calls[0].GetProperty("id").GetString());
        Assert.True(calls.Count > 2);
        Assert.All(calls.Skip(1), c => Assert.False(c.TryGetProperty("id", out _)));
        Assert.Equal("""{"cmd":"echo simulated"}""", string.Concat(calls.Select(c => c.GetProperty("function").GetProperty("arguments").GetString())));
        Assert.Equal("tool_calls", chunks[^1].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Chat_NamedTool_FillsArgumentsFromThePrompt()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.ChatAsync("Use a tool: get_weather for 'Oslo', 3 days", Tools);
        var call = (await CloudClient.JsonAsync(response)).GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls")[0];

        Assert.Equal("""{"city":"Oslo","days":3}""", call.GetProperty("function").GetProperty("arguments").GetString());
    }

    [Fact]
    public async Task Chat_AfterTheToolResult_AnswersWithText()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.PostAsync("v1/chat/completions", """
            {"model":"gpt-5","messages":[{"role":"user","content":"run the command"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"exec_command","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"call_1","content":"forty-two"}]
            """ + Tools + "}");
        var choice = (await CloudClient.JsonAsync(response)).GetProperty("choices")[0];

        Assert.Contains("forty-two", choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Chat_JsonSchema_AnswersJsonThatFits()
    {
        await using var client = await CloudClient.StartAsync();

        var text = await TextAsync(client, "Extract", """
            ,"response_format":{"type":"json_schema","json_schema":{"name":"r","schema":{"type":"object","properties":{
            "name":{"type":"string"},"kind":{"enum":["b","a"]},"tags":{"type":"array","items":{"$ref":"#/$defs/tag"}},"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},
            "required":["name","kind","tags","next"],"$defs":{"tag":{"type":"object","properties":{"id":{"type":"integer","minimum":5}},"required":["id"]}}}}}
            """);
        var json = JsonDocument.Parse(text).RootElement;

        Assert.Equal("b", json.GetProperty("kind").GetString());
        Assert.Equal(5, json.GetProperty("tags")[0].GetProperty("id").GetInt32());
        Assert.Equal(JsonValueKind.String, json.GetProperty("next").GetProperty("name").ValueKind);
    }

    [Fact]
    public async Task Chat_MaxTokensAndChoices_CutsEachAndSaysLength()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.ChatAsync(more: ""","n":2,"max_tokens":5,"logprobs":true""");
        var body = await CloudClient.JsonAsync(response);

        Assert.All(body.GetProperty("choices").EnumerateArray(), c => Assert.Equal("length", c.GetProperty("finish_reason").GetString()));
        Assert.Equal(10, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Chat_OutputTokensConfigured_AnswersExactlyThatMany()
    {
        await using var client = await CloudClient.StartAsync(o => o.OutputTokens = 300);

        using var response = await client.ChatAsync();
        var body = await CloudClient.JsonAsync(response);

        Assert.Equal(300, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Theory]
    [InlineData("{\"model\":\"m\"}")]
    [InlineData("{\"model\":\"m\",\"messages\":[]}")]
    [InlineData("{\"model\":\"m\",\"messages\":[1]}")]
    [InlineData("{\"model\":5,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    public async Task Chat_BadBody_Gets400InTheWiresShape(string json)
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.PostAsync("v1/chat/completions", json);
        var error = (await CloudClient.JsonAsync(response, HttpStatusCode.BadRequest)).GetProperty("error");

        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.True(error.TryGetProperty("param", out _));
        Assert.True(error.TryGetProperty("code", out _));
        Assert.Equal(1, client.Cloud.State.Invalid);
    }

    [Fact]
    public async Task Chat_UnknownModelWhereOnlyListedOnesAreOffered_Gets404()
    {
        await using var client = await CloudClient.StartAsync(o => o.AcceptAnyModel = false);

        using var response = await client.ChatAsync(model: "nothing");
        var error = (await CloudClient.JsonAsync(response, HttpStatusCode.NotFound)).GetProperty("error");

        Assert.Equal("model_not_found", error.GetProperty("code").GetString());
    }

    private static async Task<string> TextAsync(CloudClient client, string prompt, string more = "")
    {
        using var response = await client.ChatAsync(prompt, more);
        return (await CloudClient.JsonAsync(response)).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }
}
