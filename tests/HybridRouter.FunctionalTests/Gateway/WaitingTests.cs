using System.Net;
using System.Text.Json.Nodes;
using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.Local;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>What clients get while the answer is waited for. The upstream answers when the test says so, so nothing here depends on the clock.</summary>
public sealed class WaitingTests : IAsyncLifetime
{
    private const string Stream = ",\"stream\":true";

    private GatedUpstream _upstream = null!;
    private TestGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _upstream = await GatedUpstream.StartAsync();
        _gateway = await StartAsync(options =>
        {
            options.Quota.Queue.KeepAliveSeconds = 0.05;
            options.Cloud.Providers[0].BaseUrl = _upstream.BaseUrl;
            options.Cloud.Providers[0].FirstByteTimeoutSeconds = 60;
            // Asked for by name, so that what it refuses is refused.
            options.Local.Engines.Add(new LocalEngineOptions
            {
                Name = "gate",
                BaseUrl = _upstream.BaseUrl,
                FirstByteTimeoutSeconds = 60,
                AnswerTimeoutSeconds = 60,
                Models = [new LocalModelOptions { Name = "gated", Slots = 4 }],
            });
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task ChatStream_AnswerIsLate_CommentsUntilItComes()
    {
        using var response = await _gateway.ChatAsync("hard", Stream);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.StartsWith("req_", Header(response, "x-hybridrouter-request-id"));
        Assert.Equal("", Route(response));
        using var lines = await LinesAsync(response);
        for (var i = 0; i < 3; i++)
            Assert.Equal(": waiting", await NextAsync(lines));
        _upstream.AnswerChat();

        var rest = await RestAsync(lines);

        Assert.Equal([": route cloud, model big, backend sky, score 0.9000, reason complex: score 0.90, cutoff 0.50"], rest.Where(l => l[0] == ':' && l != ": waiting"));
        var data = rest.Where(l => l[0] != ':').ToList();
        Assert.Equal(["data: {\"id\":\"c1\"", "data: {\"id\":\"c1\"", "data: [DONE]"], data.Select(l => l[..Math.Min(l.Length, 16)]));
        Assert.Equal(rest[^3..], data);
        await Eventually.TrueAsync(() => _gateway.Logs.Text.Contains("-> Cloud big", StringComparison.Ordinal), "the request is logged with its route");
    }

    [Fact]
    public async Task CompletionsStream_AnswerIsLate_CommentsUntilItComes()
    {
        using var response = await _gateway.PostAsync("v1/completions", $$"""{"model":"auto","prompt":"hard {{Marker}}","stream":true}""");
        using var lines = await LinesAsync(response);
        Assert.Equal(": waiting", await NextAsync(lines));
        _upstream.AnswerCompletion();

        var rest = await RestAsync(lines);

        Assert.StartsWith("data: {\"id\":\"c1\"", rest[^2]);
        Assert.Equal("data: [DONE]", rest[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ResponsesStream_AnswerIsLate_IsOneResponseUnderTheAnnouncedId(bool continued)
    {
        var previous = continued ? (string)(await FirstAsync())["id"]! : null;
        using var response = await _gateway.ResponseAsync("hard", Stream + (continued ? $",\"previous_response_id\":\"{previous}\"" : ""));
        using var lines = await LinesAsync(response);
        var events = new List<JsonNode>();
        for (var i = 0; i < 3; i++)
            events.Add(Event(await NextAsync(lines), await NextAsync(lines)));
        _upstream.AnswerResponse();

        var rest = await RestAsync(lines);

        events.AddRange(rest.Chunk(2).Select(pair => Event(pair[0], pair[1])));
        var waited = events.Count - 4;
        Assert.Equal(
            ["response.created", .. Enumerable.Repeat("response.in_progress", waited), "response.output_text.delta", "response.output_item.done", "response.completed"],
            events.Select(e => (string?)e["type"]));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => (int)e["sequence_number"]!));
        var id = Assert.Single(events.Select(e => (string?)e["response"]?["id"]).OfType<string>().Distinct());
        Assert.StartsWith("resp_", id);
        Assert.NotEqual(GatedUpstream.OwnId, id);
        Assert.Single(events.Select(e => (long?)e["response"]?["created_at"]).OfType<long>().Distinct());
        Assert.All(events.Where(e => e["response"] is not null && continued), e => Assert.Equal(previous, (string?)e["response"]!["previous_response_id"]));
        var stored = await JsonAsync(await _gateway.Http.GetAsync($"v1/responses/{id}", TestContext.Current.CancellationToken));
        Assert.Equal(("completed", "hi"), (stored.GetProperty("status").GetString(), stored.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString()));
        await ErrorAsync(await _gateway.Http.GetAsync($"v1/responses/{GatedUpstream.OwnId}", TestContext.Current.CancellationToken), 404);
    }

    [Fact]
    public async Task ResponsesStream_CancelledByIdWhileWaiting_EndsAndStopsTheFlow()
    {
        using var response = await _gateway.ResponseAsync("hard", Stream);
        using var lines = await LinesAsync(response);
        var created = Event(await NextAsync(lines), await NextAsync(lines));
        var id = (string)created["response"]!["id"]!;

        var cancelled = await JsonAsync(await _gateway.PostAsync($"v1/responses/{id}/cancel", "{}"));

        Assert.Equal(("cancelled", id), (cancelled.GetProperty("status").GetString(), cancelled.GetProperty("id").GetString()));
        var last = Event((await RestAsync(lines))[^2..]);
        Assert.Equal(("response.incomplete", "cancelled", id), ((string?)last["type"], (string?)last["response"]!["status"], (string?)last["response"]!["id"]));
        await _upstream.Left.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        var stored = await JsonAsync(await _gateway.Http.GetAsync($"v1/responses/{id}", TestContext.Current.CancellationToken));
        Assert.Equal("cancelled", stored.GetProperty("status").GetString());
    }

    [Fact]
    public async Task ChatStream_RefusedAfterSignsOfLife_EndsWithTheErrorAlone()
    {
        using var response = await _gateway.ChatAsync("hard", Stream, "gated");
        using var lines = await LinesAsync(response);
        Assert.Equal(": waiting", await NextAsync(lines));
        _upstream.Refuse(429, "rate_limit_exceeded", 12);

        var data = (await RestAsync(lines)).Where(l => l[0] != ':');

        var error = JsonNode.Parse(Assert.Single(data)["data: ".Length..])!["error"]!;
        Assert.Equal(("rate_limit_exceeded", "No."), ((string?)error["code"], (string?)error["message"]));
    }

    [Theory]
    [InlineData(429, "rate_limit_exceeded", 12, "rate_limit_exceeded", "Please try again in 12s.")]
    [InlineData(429, "insufficient_quota", null, "insufficient_quota", "No.")]
    [InlineData(503, "overloaded", 3, "server_error", "No.")]
    [InlineData(400, "invalid_prompt", null, "invalid_prompt", "No.")]
    public async Task ResponsesStream_RefusedAfterSignsOfLife_Fails(int status, string code, int? retryAfter, string expectedCode, string message)
    {
        using var response = await _gateway.ResponseAsync("hard", Stream, "gated");
        using var lines = await LinesAsync(response);
        var events = new List<JsonNode> { Event(await NextAsync(lines), await NextAsync(lines)) };
        _upstream.Refuse(status, code, retryAfter);

        var rest = await RestAsync(lines);

        events.AddRange(rest.Chunk(2).Select(pair => Event(pair)));
        var failed = events[^1];
        Assert.Equal(("response.failed", "failed", (string?)events[0]["response"]!["id"]), ((string?)failed["type"], (string?)failed["response"]!["status"], (string?)failed["response"]!["id"]));
        Assert.Equal(expectedCode, (string?)failed["response"]!["error"]!["code"]);
        Assert.EndsWith(message, (string?)failed["response"]!["error"]!["message"]);
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => (int)e["sequence_number"]!));
    }

    [Fact]
    public async Task ChatStream_CloudFailsLate_LocalAnswersAndTheCommentSaysSo()
    {
        using var response = await _gateway.ChatAsync("hard", Stream);
        using var lines = await LinesAsync(response);
        Assert.Equal(": waiting", await NextAsync(lines));
        _upstream.Refuse(500, "server_error");

        var rest = await RestAsync(lines);

        Assert.Contains(rest, l => l.StartsWith(": route local, model small, backend box", StringComparison.Ordinal) && l.EndsWith("reason on-prem fallback: cloud failed", StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", rest[^1]);
    }

    [Fact]
    public async Task ResponsesStream_CloudFailsLate_TheTranslatedAnswerGoesOnAsOne()
    {
        using var response = await _gateway.ResponseAsync("hard", Stream);
        using var lines = await LinesAsync(response);
        var created = Event(await NextAsync(lines), await NextAsync(lines));
        _upstream.Refuse(500, "server_error");

        var events = (await RestAsync(lines)).Chunk(2).Select(pair => Event(pair)).Prepend(created).ToList();

        Assert.Equal("response.completed", (string?)events[^1]["type"]);
        Assert.Single(events, e => (string?)e["type"] == "response.created");
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => (int)e["sequence_number"]!));
        Assert.Single(events.Select(e => (string?)e["response"]?["id"]).OfType<string>().Distinct());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_ClientLeavesWhileWaiting_TheFlowStopsAtOnce(bool chat)
    {
        using (var response = chat ? await _gateway.ChatAsync("hard", Stream) : await _gateway.ResponseAsync("hard", Stream))
        {
            using var lines = await LinesAsync(response);
            Assert.NotEqual("", await NextAsync(lines));
        }

        await _upstream.Left.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Empty(Posts(_gateway.Local));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whole_AnswerIsLate_JustWaits(bool refused)
    {
        var answering = _gateway.ChatAsync("hard", model: "gated");
        using (var stream = await _gateway.ChatAsync("hard", Stream, "gated"))
        {
            // The other one, sent later, has shown life by now.
            using var lines = await LinesAsync(stream);
            Assert.Equal(": waiting", await NextAsync(lines));
        }
        Assert.False(answering.IsCompleted);
        if (refused)
            _upstream.Refuse(429, "rate_limit_exceeded", 12);
        else
            _upstream.AnswerWhole("""{"id":"x","object":"chat.completion","choices":[]}""");

        using var response = await answering;
        Assert.Equal("local", Route(response));
        if (refused)
            await ErrorAsync(response, 429, "rate_limit_exceeded");
        else
            Assert.Equal("x", (await JsonAsync(response)).GetProperty("id").GetString());
    }

    private async Task<JsonNode> FirstAsync() => JsonNode.Parse(await TextAsync(await _gateway.ResponseAsync("easy")))!;

    private static async Task<StreamReader> LinesAsync(HttpResponseMessage response) => new(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

    /// <summary>The next line that is not empty.</summary>
    private static async Task<string> NextAsync(StreamReader lines)
    {
        while (true)
        {
            var line = await lines.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.NotNull(line);
            if (line.Length > 0)
                return line;
        }
    }

    private static async Task<List<string>> RestAsync(StreamReader lines) =>
        [.. (await lines.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private static JsonNode Event(params IReadOnlyList<string> lines)
    {
        Assert.StartsWith("event: ", lines[0]);
        var json = JsonNode.Parse(lines[1]["data: ".Length..])!;
        Assert.Equal(lines[0]["event: ".Length..], (string?)json["type"]);
        return json;
    }
}
