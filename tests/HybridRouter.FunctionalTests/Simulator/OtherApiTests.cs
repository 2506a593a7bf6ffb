using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using HybridRouter.Simulator;

namespace HybridRouter.FunctionalTests.Simulator;

public sealed class OtherApiTests
{
    [Fact]
    public async Task Completions_WholeAndStreamed_HaveTheSameText()
    {
        await using var client = await CloudClient.StartAsync();

        using var whole = await client.PostAsync("v1/completions", """{"model":"gpt-5","prompt":"def add(a, b):"}""");
        var body = await CloudClient.JsonAsync(whole);
        using var stream = await client.PostAsync("v1/completions", """{"model":"gpt-5","prompt":"def add(a, b):","stream":true,"stream_options":{"include_usage":true}}""");
        var events = await CloudClient.EventsAsync(stream);

        Assert.Equal("text_completion", body.GetProperty("object").GetString());
        Assert.Equal(16, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal("length", body.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        var chunks = events.SkipLast(1).Select(e => JsonDocument.Parse(e.Data).RootElement).ToList();
        Assert.Equal(
            body.GetProperty("choices")[0].GetProperty("text").GetString(),
            string.Concat(chunks.SkipLast(1).Select(c => c.GetProperty("choices")[0].GetProperty("text").GetString())));
        Assert.Equal(16, chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Completions_WithSuffix_FillsInALine()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.PostAsync("v1/completions", """{"model":"gpt-5","prompt":"def f(x):\n    ","suffix":"\n    return result","max_tokens":64}""");
        var text = (await CloudClient.JsonAsync(response)).GetProperty("choices")[0].GetProperty("text").GetString();

        Assert.Equal("result = compute(value)\n", text);
    }

    [Fact]
    public async Task Embeddings_FloatAndBase64_AreTheSameVectorOfLengthOne()
    {
        await using var client = await CloudClient.StartAsync();

        var floats = (await EmbedAsync(client, """["read a file","read a file now","quantum physics"]""", "")).Select(e => e.EnumerateArray().Select(v => v.GetSingle()).ToArray()).ToList();
        var base64 = (await EmbedAsync(client, "\"read a file\"", ",\"encoding_format\":\"base64\"")).Single().GetBytesFromBase64();

        Assert.Equal(floats[0], MemoryMarshal.Cast<byte, float>(base64).ToArray());
        Assert.Equal(64, floats[0].Length);
        Assert.Equal(1, floats[0].Sum(v => v * v), 0.001);
        Assert.True(Dot(floats[0], floats[1]) > Dot(floats[0], floats[2]) + 0.3);
    }

    [Fact]
    public async Task Models_ListAndOne_UnknownGets404()
    {
        await using var client = await CloudClient.StartAsync(o => o.Models = ["alpha", "beta"]);

        var list = await client.GetAsync("v1/models");
        var one = await client.GetAsync("v1/models/beta");
        using var none = await client.Http.GetAsync("v1/models/gamma", TestContext.Current.CancellationToken);

        Assert.Equal(["alpha", "beta"], list.GetProperty("data").EnumerateArray().Select(m => m.GetProperty("id").GetString()));
        Assert.Equal("model", one.GetProperty("object").GetString());
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task UnknownPath_Gets404InTheWiresShape()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.PostAsync("v1/videos", "{}");

        Assert.True((await CloudClient.JsonAsync(response, HttpStatusCode.NotFound)).GetProperty("error").TryGetProperty("message", out _));
    }

    [Fact]
    public async Task Body_LargerThanAllowed_Gets413()
    {
        await using var client = await CloudClient.StartAsync(o => o.MaxBodyBytes = 1000);

        using var response = await client.ChatAsync(new string('x', 2000));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task CreateApp_RunByTheCaller_AnswersUntilStopped()
    {
        await using var app = SimulatedCloud.CreateApp(new SimulatedCloudOptions(), TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient();

        using var response = await http.GetAsync(app.Urls.Single() + "/_simulator/state", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Start_WrongOptions_NamesThemAll()
    {
        var options = new SimulatedCloudOptions { OutputTokens = 0, TokensPerSecond = -1 };

        var error = await Assert.ThrowsAsync<ArgumentException>(() => SimulatedCloud.StartAsync(options));

        Assert.Contains("outputTokens", error.Message);
        Assert.Contains("tokensPerSecond", error.Message);
    }

    private static async Task<List<JsonElement>> EmbedAsync(CloudClient client, string input, string more)
    {
        using var response = await client.PostAsync("v1/embeddings", $$"""{"model":"text-embedding-3-small","dimensions":64,"input":{{input}}{{more}}}""");
        return [.. (await CloudClient.JsonAsync(response)).GetProperty("data").EnumerateArray().Select(e => e.GetProperty("embedding"))];
    }

    private static float Dot(float[] a, float[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
