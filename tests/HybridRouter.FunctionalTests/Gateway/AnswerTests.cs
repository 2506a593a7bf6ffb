using System.Text.Json;
using HybridRouter.Configuration;
using HybridRouter.Triage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

public sealed class AnswerTests
{
    private static readonly string[] RouteHeaderNames = ["route", "model", "backend", "score", "reason", "request-id"];

    [Theory]
    [InlineData("easy", "local", "small", "box", "0.1000", "simple: score 0.10, cutoff 0.50")]
    [InlineData("hard", "cloud", "big", "sky", "0.9000", "complex: score 0.90, cutoff 0.50")]
    public async Task Answer_EveryWay_SaysWhereItCameFromAndWhy(string what, params string[] expected)
    {
        await using var gateway = await StartAsync();
        HttpResponseMessage[] answers =
        [
            await gateway.ChatAsync(what),
            await gateway.ChatAsync(what, ",\"stream\":true"),
            await gateway.ResponseAsync(what),
            await gateway.ResponseAsync(what, ",\"stream\":true"),
            await gateway.PostAsync("v1/completions", $$"""{"model":"auto","prompt":"{{what}} {{Marker}}"}"""),
        ];

        foreach (var answer in answers)
        {
            var text = await TextAsync(answer);
            Assert.True(answer.IsSuccessStatusCode, text);
            var headers = RouteHeaderNames.Select(n => Header(answer, $"x-hybridrouter-{n}")).ToArray();
            Assert.Equal(expected, headers[..5]);
            Assert.StartsWith("req_", headers[5]);
        }
        Assert.Equal(answers.Length, answers.Select(a => Header(a, "x-hybridrouter-request-id")).Distinct().Count());
    }

    [Fact]
    public async Task Answer_OnlyTheCloudsKeyTravelsAndTheModelIsNamedAsThere()
    {
        await using var gateway = await StartAsync();
        await JsonAsync(await gateway.ChatAsync("hard"));
        await JsonAsync(await gateway.ChatAsync("easy"));

        // A wrong key would have been refused there.
        Assert.Equal("big", Assert.Single(Posts(gateway.Cloud)).Model);
        Assert.Equal("small-gguf", Assert.Single(Posts(gateway.Local)).Model);
    }

    [Theory]
    [InlineData("easy")]
    [InlineData("hard")]
    public async Task Stream_UsageNotAskedFor_IsMeteredAndHidden(string what)
    {
        await using var gateway = await StartAsync();
        var events = await EventsAsync(await gateway.ChatAsync(what, ",\"stream\":true"));

        Assert.Equal("[DONE]", events[^1]);
        Assert.DoesNotContain(events, e => e.Contains("\"choices\":[]", StringComparison.Ordinal));
        Assert.Contains("\"include_usage\":true", Assert.Single(Posts(what == "easy" ? gateway.Local : gateway.Cloud)).Body);
        await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(() => System.Text.RegularExpressions.Regex.IsMatch(gateway.Logs.Text, @"tokens [1-9]\d*\+[1-9]\d*"), "the tokens of the stream are logged");
    }

    [Fact]
    public async Task Stream_UsageAskedFor_IsTheLastChunk()
    {
        await using var gateway = await StartAsync();
        var events = await EventsAsync(await gateway.ChatAsync("easy", ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));

        var usage = JsonDocument.Parse(events[^2]).RootElement;
        Assert.Equal(0, usage.GetProperty("choices").GetArrayLength());
        Assert.True(usage.GetProperty("usage").GetProperty("total_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task Members_UnknownBothWays_Survive()
    {
        const string answer = """{"id":"x","object":"chat.completion","choices":[],"brand_new":{"a":[1.50,"é\u00e9"]}}""";
        string? asked = null;
        await using var upstream = await ScriptedUpstream.StartAsync(async context =>
        {
            if (context.Request.Method == "POST")
                asked = await new StreamReader(context.Request.Body).ReadToEndAsync();
            context.Response.ContentType = "application/json";
            context.Response.Headers["x-ratelimit-remaining-requests"] = "41";
            context.Response.Headers["x-request-id"] = "r-1";
            context.Response.Headers.SetCookie = "a=b";
            await context.Response.WriteAsync(answer);
        });
        await using var gateway = await StartAsync(o => o.Cloud.Providers[0].BaseUrl = upstream.BaseUrl);
        var response = await gateway.ChatAsync("hard", """,  "future" : {"x":[ 1.0 , "\u00e9"]} ,"user":"u" """, "big");

        Assert.Equal(answer, await TextAsync(response));
        Assert.Contains("""{"x":[ 1.0 , "\u00e9"]}""", asked);
        Assert.Equal(("41", "r-1", ""), (Header(response, "x-ratelimit-remaining-requests"), Header(response, "x-request-id"), Header(response, "Set-Cookie")));
    }

    [Theory]
    [InlineData("data:image/png;base64,AAAA")]
    public async Task Request_ThatTheLocalModelCannotServe_GoesToTheCloudWithThatReason(string image)
    {
        await using var gateway = await StartAsync();
        var response = await gateway.PostAsync("v1/chat/completions",
            $$$"""{"model":"auto","messages":[{"role":"user","content":[{"type":"text","text":"easy {{{Marker}}}"},{"type":"image_url","image_url":{"url":"{{{image}}}"}}]}]}""");

        await JsonAsync(response);
        Assert.Equal(("cloud", "local cannot serve: images"), (Route(response), Header(response, "x-hybridrouter-reason")));
    }

    [Theory]
    [InlineData("local", "hard", "local")]
    [InlineData("small", "hard", "local")]
    [InlineData("cloud", "easy", "cloud")]
    [InlineData("big", "easy", "local")]
    [InlineData("big", "hard", "cloud")]
    public async Task Model_Name_ChoosesOrIsTriaged(string model, string what, string route)
    {
        await using var gateway = await StartAsync();
        var response = await gateway.ChatAsync(what, model: model);

        await JsonAsync(response);
        Assert.Equal(route, Route(response));
    }

    [Fact]
    public async Task Classifier_Missing_MeansCloudWithThatReason()
    {
        await using var gateway = await StartAsync(judge: new TriageJudge(null, 0.5f, "no model folder", NullLogger<TriageJudge>.Instance));
        var response = await gateway.ChatAsync("easy");

        await JsonAsync(response);
        Assert.Equal(("cloud", "no triage: no model folder", ""), (Route(response), Header(response, "x-hybridrouter-reason"), Header(response, "x-hybridrouter-score")));
    }

    [Fact]
    public async Task Embeddings_OneModel_IsNeverReplaced()
    {
        await using var gateway = await StartAsync();
        var good = await gateway.PostAsync("v1/embeddings", $$"""{"model":"auto","input":"{{Marker}}","encoding_format":"base64"}""");
        Assert.Equal(JsonValueKind.String, (await JsonAsync(good)).GetProperty("data")[0].GetProperty("embedding").ValueKind);
        Assert.Equal("cloud", Route(good));
        gateway.Cloud.AddFault(new() { Kind = HybridRouter.Simulator.SimulatedFaultKind.Status, Status = 500 });

        await ErrorAsync(await gateway.PostAsync("v1/embeddings", $$"""{"model":"big-embed","input":"{{Marker}}"}"""), 502);
    }

    [Fact]
    public async Task ToolLoop_ThatBeganInTheCloud_StaysThere()
    {
        const string tools = """,  "prompt_cache_key":"thread-1","tools":[{"type":"function","function":{"name":"ls","parameters":{}}}]""";
        await using var gateway = await StartAsync();
        await JsonAsync(await gateway.ChatAsync("hard", tools));
        var next = await gateway.PostAsync("v1/chat/completions", $$"""
            {"model":"auto"{{tools}},"messages":[{"role":"user","content":"easy {{Marker}}"},
             {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"ls","arguments":"{}"} }]},
             {"role":"tool","tool_call_id":"c1","content":"a.cs"}]}
            """);

        await JsonAsync(next);
        Assert.Equal(("cloud", "session: tool loop stays in the cloud"), (Route(next), Header(next, "x-hybridrouter-reason")));
    }
}
