using System.Text;
using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.Local;
using Microsoft.AspNetCore.Http;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>Limits of callers as clients see them.</summary>
public sealed class CallerLimitTests
{
    /// <summary>Less than any of the requests is expected to use, and enough for what one used to be paid within an hour.</summary>
    private const int Limit = 30;

    /// <summary>About a hundred tokens.</summary>
    private static readonly string Prompt = string.Join(' ', Enumerable.Repeat(Marker, 30));

    [Theory]
    [InlineData("v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"§\"}]", "small")]
    [InlineData("v1/chat/completions", "\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"§\"}]", "small")]
    [InlineData("v1/responses", "\"input\":\"§\"", "small")]
    [InlineData("v1/responses", "\"stream\":true,\"input\":\"§\"", "small")]
    [InlineData("v1/completions", "\"prompt\":\"§\"", "small")]
    [InlineData("v1/embeddings", "\"input\":\"§\"", "small-embed")]
    public async Task Limit_UsedUp_Is429ThatSaysWhoseAndWhen(string path, string members, string model)
    {
        await using var gateway = await StartAsync(o =>
        {
            AddEmbeddings(o);
            o.Limits.EachKey = new CallerLimitOptions { TokensPerMinute = Limit };
        });
        var json = $$"""{"model":"{{model}}",{{members.Replace("§", Prompt)}}}""";
        var first = await gateway.PostAsync(path, json);
        Assert.True(first.IsSuccessStatusCode, await TextAsync(first));
        Assert.Equal(("30", "0"), (Header(first, "x-ratelimit-limit-tokens"), Header(first, "x-ratelimit-remaining-tokens")));

        // Settled when the answer is out, which its client can see a moment earlier.
        HttpResponseMessage? second = null;
        await Eventually.TrueAsync(async () => (second = await gateway.PostAsync(path, json)).StatusCode == System.Net.HttpStatusCode.TooManyRequests, "the limit refuses");
        var error = await ErrorAsync(second!, 429, "rate_limit_exceeded");
        Assert.Contains("30 tokens per minute of key 'tests'", error.GetProperty("message").GetString());
        Assert.Equal("tokens", error.GetProperty("type").GetString());
        Assert.Matches("^[1-9][0-9]*$", Header(second!, "Retry-After"));
    }

    [Fact]
    public async Task Budget_OfAMonth_IsFinalForClients()
    {
        await using var gateway = await StartAsync(o =>
        {
            o.Prices["small"] = new PriceOptions { InputPerMillion = 1 };
            o.Limits.Keys["tests"] = new CallerLimitOptions { SpendPerMonth = 0 };
        });
        var response = await gateway.ChatAsync("easy", model: "small");

        Assert.Equal("insufficient_quota", (await ErrorAsync(response, 429, "insufficient_quota")).GetProperty("type").GetString());
        Assert.Equal(("", "false"), (Header(response, "Retry-After"), Header(response, "x-should-retry")));
        Assert.Empty(Posts(gateway.Local));
    }

    [Theory]
    [InlineData("v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"§\"}]")]
    [InlineData("v1/responses", "\"input\":\"§\"")]
    public async Task Stream_LeftByItsClient_FreesItsPlace(string path, string members)
    {
        await using var upstream = await ScriptedUpstream.StartAsync(HangsInTheMiddleAsync);
        await using var gateway = await StartAsync(o =>
        {
            o.Local.Engines[0].BaseUrl = upstream.BaseUrl;
            o.Limits.EachKey = new CallerLimitOptions { ConcurrentRequests = 1 };
        });
        var json = $$"""{"model":"small","stream":true,{{members.Replace("§", Marker)}}}""";
        using (var held = await gateway.PostAsync(path, json))
        {
            Assert.True(held.IsSuccessStatusCode, held.StatusCode.ToString());
            var refused = await gateway.PostAsync(path, json);
            Assert.Contains("1 request at a time of key 'tests'", (await ErrorAsync(refused, 429, "rate_limit_exceeded")).GetProperty("message").GetString());
        }

        await Eventually.TrueAsync(
            async () =>
            {
                using var next = await gateway.PostAsync(path, json);
                return next.IsSuccessStatusCode;
            },
            "the place is free");
    }

    [Fact]
    public async Task Address_BehindATrustedProxy_IsThatOfTheClient()
    {
        await using var gateway = await StartAsync(o =>
        {
            o.Server.TrustedProxies = ["127.0.0.1"];
            o.Limits.EachAddress = new CallerLimitOptions { RequestsPerMinute = 1 };
        });
        async Task<HttpResponseMessage> AskAsync(string forwarded)
        {
            var content = new StringContent(Chat("easy", model: "small"), Encoding.UTF8, "application/json");
            content.Headers.Add("X-Forwarded-For", forwarded);
            return await gateway.PostAsync("v1/chat/completions", content);
        }

        await JsonAsync(await AskAsync("203.0.113.1"));
        await JsonAsync(await AskAsync("203.0.113.2"));
        Assert.Contains("of address 203.0.113.1.", (await ErrorAsync(await AskAsync("198.51.100.1, 203.0.113.1"), 429)).GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("x-hybridrouter-priority", "urgent")]
    [InlineData("x-hybridrouter-timeout-seconds", "0")]
    public async Task Header_Bad_Is400ThatNamesIt(string header, string value)
    {
        await using var gateway = await StartAsync();
        foreach (var (path, json) in new[] { ("v1/chat/completions", Chat("easy")), ("v1/responses", Response("easy")) })
        {
            var content = new StringContent(json, Encoding.UTF8, "application/json");
            content.Headers.Add(header, value);
            Assert.Contains(header, (await ErrorAsync(await gateway.PostAsync(path, content), 400)).GetProperty("message").GetString());
        }
    }

    [Fact]
    public async Task Limits_RequestThatIsRefusedAsInvalid_IsChargedToNone()
    {
        await using var gateway = await StartAsync(o => o.Limits.EachKey = new CallerLimitOptions { RequestsPerMinute = 1 });
        await ErrorAsync(await gateway.PostAsync("v1/chat/completions", """{"model":"small"}"""), 400);
        await ErrorAsync(await gateway.ChatAsync("easy", model: "none"), 404);

        await JsonAsync(await gateway.ChatAsync("easy", model: "small"));
        await ErrorAsync(await gateway.ChatAsync("easy", model: "small"), 429, "rate_limit_exceeded");
    }

    private static void AddEmbeddings(RouterOptions options) => options.Local.Engines[0].Models.Add(new LocalModelOptions { Name = "small-embed", Embeddings = true, Slots = 4 });

    private static async Task HangsInTheMiddleAsync(HttpContext context)
    {
        if (context.Request.Method != "POST")
            return;
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n");
        await context.Response.Body.FlushAsync();
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The gateway let go.
        }
    }
}
