using System.Net;
using System.Text;
using System.Text.Json;
using HybridRouter.Configuration;
using HybridRouter.Simulator;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

public sealed class SurfaceTests
{
    [Theory]
    [InlineData(null, "missing_api_key")]
    [InlineData("Bearer wrong-key", "invalid_api_key")]
    public async Task Key_MissingOrUnknown_Is401Everywhere(string? authorization, string code)
    {
        await using var gateway = await StartAsync();
        foreach (var (method, path) in new[] { ("POST", "chat/completions"), ("POST", "responses"), ("POST", "completions"), ("POST", "embeddings"), ("POST", "route"), ("GET", "models"), ("GET", "models/auto") })
        {
            var response = await SendAsync(gateway, method, $"/v1/{path}", request =>
            {
                if (authorization is not null)
                    request.Headers.TryAddWithoutValidation("Authorization", authorization);
            });
            var error = await ErrorAsync(response, 401, code);
            Assert.DoesNotContain("wrong-key", error.GetProperty("message").GetString());
        }
        Assert.DoesNotContain("wrong-key", gateway.Logs.Text);
    }

    [Fact]
    public async Task Host_Foreign_IsRefusedOnAnOpenGateway()
    {
        await using var gateway = await StartAsync(o => o.Server.ClientKeys.Clear());

        await ErrorAsync(await SendAsync(gateway, "POST", "/v1/chat/completions", r => r.Headers.Host = "rebound.example"), 403, "forbidden_host");
        await JsonAsync(await SendAsync(gateway, "POST", "/v1/chat/completions", r => r.Headers.Host = "localhost:1"));
    }

    [Fact]
    public async Task WebSocket_Upgrade_Is426AtOnce()
    {
        await using var gateway = await StartAsync();
        var response = await SendAsync(gateway, "GET", "/v1/responses", request =>
        {
            request.Headers.Connection.Add("Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        });

        await ErrorAsync(response, 426);
    }

    [Theory]
    [InlineData("GET", "/", 404)]
    [InlineData("GET", "/v1", 404)]
    [InlineData("POST", "/v1/images/generations", 404)]
    [InlineData("GET", "/v1/chat/completions", 405)]
    [InlineData("DELETE", "/v1/models", 405)]
    [InlineData("PUT", "/v1/responses", 405)]
    [InlineData("OPTIONS", "/v1/chat/completions", 405)]
    [InlineData("POST", "/healthz", 405)]
    public async Task Path_UnknownOrWrongMethod_IsRefusedInOpenAisShape(string method, string path, int status)
    {
        await using var gateway = await StartAsync();

        await ErrorAsync(await SendAsync(gateway, method, path, Keyed), status, status == 404 ? "unknown_url" : "method_not_allowed");
    }

    [Fact]
    public async Task Models_ListAndOne()
    {
        await using var gateway = await StartAsync();
        var list = await JsonAsync(await SendAsync(gateway, "GET", "/v1/models", Keyed));
        var one = await JsonAsync(await SendAsync(gateway, "GET", "/v1/models/small", Keyed));

        Assert.Equal(["auto", "local", "cloud", "small", "big", "big-embed"], list.GetProperty("data").EnumerateArray().Select(m => m.GetProperty("id").GetString()));
        Assert.Equal(("small", "model", "box"), (one.GetProperty("id").GetString(), one.GetProperty("object").GetString(), one.GetProperty("owned_by").GetString()));
        await ErrorAsync(await SendAsync(gateway, "GET", "/v1/models/none", Keyed), 404, "model_not_found");
    }

    [Theory]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"§\"}]}", "local")]
    [InlineData("{\"input\":\"§\"}", "local")]
    [InlineData("{\"prompt\":\"§\"}", "local")]
    [InlineData("{\"prompt\":\"hard §\"}", "cloud")]
    [InlineData("{\"model\":\"cloud\",\"prompt\":\"§\"}", "cloud")]
    public async Task Route_Request_IsExplainedWithoutACall(string body, string route)
    {
        await using var gateway = await StartAsync();
        var explained = await JsonAsync(await gateway.PostAsync("v1/route", body.Replace("§", Marker)));

        Assert.Equal(route, explained.GetProperty("route").GetString());
        Assert.Equal("marked", explained.GetProperty("classifier").GetString());
        Assert.Equal("says that it is hard", explained.GetProperty("features")[0].GetProperty("feature").GetString());
        Assert.Equal(2, explained.GetProperty("candidates").GetArrayLength());
        Assert.Empty(Posts(gateway.Cloud));
        Assert.Empty(Posts(gateway.Local));
    }

    [Fact]
    public async Task Route_NothingToExplain_Is400()
    {
        await using var gateway = await StartAsync();

        await ErrorAsync(await gateway.PostAsync("v1/route", "{}"), 400);
        await ErrorAsync(await gateway.PostAsync("v1/route", "{\"model\":\"none\",\"prompt\":\"a\"}"), 404);
    }

    [Fact]
    public async Task Health_AliveAndReady()
    {
        await using var gateway = await StartAsync();
        Assert.Equal("ok", (await JsonAsync(await SendAsync(gateway, "GET", "/healthz"))).GetProperty("status").GetString());
        var ready = await JsonAsync(await SendAsync(gateway, "GET", "/readyz"));

        Assert.Equal(("ready", "marked"), (ready.GetProperty("status").GetString(), ready.GetProperty("triage").GetString()));
        Assert.Equal(3, ready.GetProperty("models").GetArrayLength());
    }

    [Fact]
    public async Task Ready_NoModelCanAnswer_Is503WithReasons()
    {
        await using var gateway = await StartAsync(o =>
        {
            o.Local.Engines.Clear();
            o.Cloud.Providers[0].ApiKeys = ["env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE"];
        });
        var ready = await JsonAsync(await SendAsync(gateway, "GET", "/readyz"), HttpStatusCode.ServiceUnavailable);

        Assert.Contains("no key", ready.GetProperty("models")[0].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Metrics_NamesAndLabels()
    {
        await using var gateway = await StartAsync(o => o.Cloud.Providers[0].Models[0].Name = "big-of-the-metrics-test");
        gateway.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Status, Status = 500, Times = 1 });
        await JsonAsync(await gateway.ChatAsync("hard"));
        await EventsAsync(await gateway.ChatAsync("hard", ",\"stream\":true"));
        await ErrorAsync(await gateway.PostAsync("v1/chat/completions", "{"), 400);
        var metrics = "";
        await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(
            async () => (metrics = await TextAsync(await SendAsync(gateway, "GET", "/metrics"))).Contains("big-of-the-metrics-test", StringComparison.Ordinal), "the requests are counted");

        Assert.Matches("""hybridrouter_requests_total\{.*api="chat/completions".*model="big-of-the-metrics-test".*outcome="ok".*route="cloud".*\} 1""", Labels(metrics));
        foreach (var name in new[] { "tokens_total", "fallbacks_total", "refused_total", "request_duration_seconds_bucket", "request_first_byte_seconds_bucket", "triage_score_bucket", "requests_active" })
            Assert.Contains($"hybridrouter_{name}", metrics);
        Assert.Matches("""hybridrouter_request_duration_seconds_bucket\{.*le="0.25".*\}""", metrics);
        Assert.DoesNotContain(Marker, metrics);
    }

    private static void Keyed(HttpRequestMessage request) => request.Headers.Authorization = new("Bearer", ClientKey);

    /// <summary>Labels in the order of their names, as their order is not promised.</summary>
    private static string Labels(string metrics) => string.Join('\n', metrics.Split('\n').Select(line =>
    {
        var (open, close) = (line.IndexOf('{'), line.LastIndexOf('}'));
        return open < 0 || close < open ? line : $"{line[..(open + 1)]}{string.Join(',', line[(open + 1)..close].Split(',').Order(StringComparer.Ordinal))}{line[close..]}";
    }));

    private static async Task<HttpResponseMessage> SendAsync(TestGateway gateway, string method, string path, Action<HttpRequestMessage>? change = null)
    {
        using var http = new HttpClient();
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(gateway.BaseUri, path));
        if (method == "POST")
            request.Content = new StringContent(Chat("easy"), Encoding.UTF8, "application/json");
        change?.Invoke(request);
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
