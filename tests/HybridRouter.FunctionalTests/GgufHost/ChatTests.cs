using System.Net;
using System.Text.Json.Nodes;

namespace HybridRouter.FunctionalTests.GgufHost;

public sealed class ChatTests(GgufHostFixture fixture)
{
    private const string Opening = "I am HybridRouter's tiny demo model";

    [Fact]
    public async Task Chat_Plain_AnswersWithUsage()
    {
        using var http = await fixture.ClientAsync();

        var (status, body) = await new GgufHostClient(http).PostAsync("chat/completions", """{"model":"any","messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hello"}]}]}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith(Opening, (string?)body["choices"]![0]!["message"]!["content"], StringComparison.Ordinal);
        Assert.EndsWith("```", (string?)body["choices"]![0]!["message"]!["content"], StringComparison.Ordinal);
        Assert.Equal("stop", (string?)body["choices"]![0]!["finish_reason"]);
        Assert.Equal(GgufHostFixture.Alias, (string?)body["model"]);
        var usage = body["usage"]!;
        Assert.InRange((int)usage["prompt_tokens"]!, 10, 60);
        Assert.Equal((int)usage["prompt_tokens"]! + (int)usage["completion_tokens"]!, (int)usage["total_tokens"]!);
    }

    [Fact]
    public async Task Chat_Streamed_GivesTheSameTextInPiecesAndUsageLast()
    {
        using var http = await fixture.ClientAsync();
        var client = new GgufHostClient(http);
        const string messages = """ "messages":[{"role":"user","content":"Hello"}] """;

        var whole = (string?)(await client.ChatAsync("{" + messages + "}"))["message"]!["content"];
        var chunks = await client.StreamAsync("chat/completions", """{"stream":true,"stream_options":{"include_usage":true},""" + messages + "}");

        Assert.Equal("assistant", (string?)chunks[0]["choices"]![0]!["delta"]!["role"]);
        Assert.Equal(whole, string.Concat(chunks.SelectMany(c => c["choices"]!.AsArray()).Select(c => (string?)c!["delta"]!["content"])));
        Assert.True(chunks.Count > 10);
        Assert.Single(chunks.Select(c => (string?)c["id"]).Distinct());
        Assert.Empty(chunks[^1]["choices"]!.AsArray());
        Assert.True((int)chunks[^1]["usage"]!["completion_tokens"]! > 10);
        Assert.Equal("stop", (string?)chunks[^2]["choices"]![0]!["finish_reason"]);
        Assert.All(chunks[..^1], c => Assert.Null(c["usage"]));
    }

    [Fact]
    public async Task Chat_MaxTokens_EndsWithLength()
    {
        using var http = await fixture.ClientAsync();
        var choice = await new GgufHostClient(http).ChatAsync("""{"max_completion_tokens":2,"messages":[{"role":"user","content":"Hello"}]}""");
        Assert.Equal("I am HybridRouter's", (string?)choice["message"]!["content"]);
        Assert.Equal("length", (string?)choice["finish_reason"]);
    }

    [Fact]
    public async Task Chat_StopAcrossTokens_CutsBeforeIt()
    {
        using var http = await fixture.ClientAsync();
        var choice = await new GgufHostClient(http).ChatAsync("""{"stop":["demo model: hand"],"messages":[{"role":"user","content":"Hello"}]}""");
        Assert.Equal("I am HybridRouter's tiny ", (string?)choice["message"]!["content"]);
        Assert.Equal("stop", (string?)choice["finish_reason"]);
    }

    [Fact]
    public async Task Chat_ControlTokensInUserText_StayText()
    {
        using var http = await fixture.ClientAsync();
        var client = new GgufHostClient(http);

        var (_, spelled) = await client.PostAsync("chat/completions", """{"messages":[{"role":"user","content":"a <|im_end|> b"}]}""");
        var (_, plain) = await client.PostAsync("chat/completions", """{"messages":[{"role":"user","content":"a b"}]}""");

        // Taken as a control token it would be one token; spelled out it is several.
        Assert.True((int)spelled["usage"]!["prompt_tokens"]! >= (int)plain["usage"]!["prompt_tokens"]! + 4);
    }

    [Fact]
    public async Task Chat_LongPrompt_ReusesTheCacheOfTheTurnBefore()
    {
        using var http = await fixture.ClientAsync();
        var client = new GgufHostClient(http);
        var system = string.Concat(Enumerable.Range(0, 1200).Select(i => $"Instruction {i}: keep the answer short. "));
        Assert.True(system.Length > 40_000);
        string Request(string user) => new JsonObject
        {
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "system", ["content"] = system }, new JsonObject { ["role"] = "user", ["content"] = user }),
        }.ToJsonString();

        var (_, first) = await client.PostAsync("chat/completions", Request("one"));
        var (_, second) = await client.PostAsync("chat/completions", Request("two"));

        Assert.StartsWith(Opening, (string?)first["choices"]![0]!["message"]!["content"], StringComparison.Ordinal);
        Assert.InRange((int)first["usage"]!["prompt_tokens"]!, 5_000, 25_000);
        Assert.InRange((int)second["usage"]!["prompt_tokens"]! - (int)second["usage"]!["prompt_tokens_details"]!["cached_tokens"]!, 1, 30);
    }

    [Theory]
    [InlineData("""{"messages":[]}""", "messages")]
    [InlineData("""{"messages":[{"role":"robot","content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""", "messages[0].content[0]")]
    [InlineData("""{"n":2,"messages":[{"role":"user","content":"x"}]}""", "n")]
    [InlineData("""{"temperature":"hot","messages":[{"role":"user","content":"x"}]}""", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"function","function":{"name":"f"}}}""", "tool_choice")]
    [InlineData("""{"messages":""", null)]
    [InlineData("[1]", null)]
    public async Task Chat_BadRequest_Is400InOpenAiShape(string json, string? parameter)
    {
        using var http = await fixture.ClientAsync();

        var (status, body) = await new GgufHostClient(http).PostAsync("chat/completions", json);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("invalid_request_error", (string?)body["error"]!["type"]);
        Assert.Equal(parameter, (string?)body["error"]!["param"]);
        Assert.NotEmpty((string?)body["error"]!["message"] ?? "");
        Assert.True(body["error"]!.AsObject().ContainsKey("code"));
    }

    [Fact]
    public async Task Chat_PromptTooLong_Is400ContextLengthExceeded()
    {
        using var http = await fixture.ClientAsync();
        var text = string.Concat(Enumerable.Repeat("zq9 ", GgufHostFixture.ContextTokens / 2));

        var (status, body) = await new GgufHostClient(http).PostAsync("chat/completions", $$"""{"stream":true,"messages":[{"role":"user","content":"{{text}}"}]}""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("context_length_exceeded", (string?)body["error"]!["code"]);
    }
}
