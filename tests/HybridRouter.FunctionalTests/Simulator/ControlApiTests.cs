using System.Net;
using System.Text.Json;

namespace HybridRouter.FunctionalTests.Simulator;

public sealed class ControlApiTests
{
    [Fact]
    public async Task State_AfterARequest_TellsItsFactsAndNoSecret()
    {
        await using var client = await CloudClient.StartAsync(key: "sk-very-secret");
        using var response = await client.ChatAsync("secret prompt", ""","stream":true,"user":"somebody" """);
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        var state = await client.GetAsync("_simulator/state");

        var request = Assert.Single(state.GetProperty("requests").EnumerateArray());
        Assert.Equal("/v1/chat/completions", request.GetProperty("path").GetString());
        Assert.Equal("gpt-5", request.GetProperty("model").GetString());
        Assert.True(request.GetProperty("stream").GetBoolean());
        Assert.Equal(200, request.GetProperty("status").GetInt32());
        Assert.True(request.GetProperty("responseBytes").GetInt64() > 100);
        Assert.Contains("authorization", request.GetProperty("headers").EnumerateArray().Select(h => h.GetString()));
        Assert.Equal(["model", "messages", "stream", "user"], request.GetProperty("bodyMembers").EnumerateArray().Select(h => h.GetString()));
        Assert.DoesNotContain("secret", state.GetRawText());
        Assert.DoesNotContain("somebody", state.GetRawText());
    }

    [Fact]
    public async Task State_RecordingBodies_HasThemForTests()
    {
        await using var client = await CloudClient.StartAsync(o => (o.RecordBodies, o.RecordRequests) = (true, 1));
        using var first = await client.ChatAsync("first prompt");
        using var second = await client.ChatAsync("second prompt");
        await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Contains("second prompt", Assert.Single(client.Cloud.State.Requests).Body);
    }

    [Fact]
    public async Task Faults_Posted_ActAndAreListedAndTakenOff()
    {
        await using var client = await CloudClient.StartAsync();

        using var posted = await client.PostAsync("_simulator/faults", """[{"kind":"status","status":503,"times":1},{"kind":"cut","probability":0.5}]""");
        await CloudClient.JsonAsync(posted);
        using var failed = await client.ChatAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.StatusCode);
        var rules = await client.GetAsync("_simulator/faults");
        Assert.Equal((1, 0), (rules[0].GetProperty("acted").GetInt32(), rules[0].GetProperty("left").GetInt32()));

        using var removed = await client.Http.DeleteAsync("_simulator/faults", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await CloudClient.JsonAsync(removed)).GetArrayLength());
    }

    [Theory]
    [InlineData("faults", "{\"kind\":\"explode\"}")]
    [InlineData("faults", "{\"status\":500}")]
    [InlineData("faults", "{\"kind\":\"status\",\"status\":200}")]
    [InlineData("faults", "{\"kind\":\"status\",\"probabilty\":1}")]
    [InlineData("faults", "[null]")]
    [InlineData("faults", "nonsense")]
    [InlineData("limits", "{\"limits\":{\"requestsPerMinute\":0}}")]
    [InlineData("limits", "{\"keyId\":\"nobody\"}")]
    [InlineData("limits", "{\"retryAfter\":\"later\"}")]
    [InlineData("reset", "[]")]
    public async Task Control_BadBody_Gets400(string path, string json)
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.PostAsync("_simulator/" + path, json);

        await CloudClient.JsonAsync(response, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Limits_Changed_ActAtOnceOnKnownAndNewModels_ResetUndoesThem()
    {
        await using var client = await CloudClient.StartAsync();
        using var before = await client.ChatAsync();

        using var changed = await client.PostAsync("_simulator/limits", """{"limits":{"requestsPerMinute":1},"retryAfter":"none"}""");
        await CloudClient.JsonAsync(changed);
        using var first = await client.ChatAsync();
        using var second = await client.ChatAsync();
        using var other = await client.ChatAsync(model: "gpt-4o");
        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.OK],
            [first.StatusCode, second.StatusCode, other.StatusCode]);
        Assert.Null(second.Headers.RetryAfter);
        Assert.Equal("1", other.Headers.GetValues("x-ratelimit-limit-requests").Single());

        using var reset = await client.PostAsync("_simulator/reset", "");
        Assert.Equal(0, (await CloudClient.JsonAsync(reset)).GetProperty("accounts").GetArrayLength());
        using var after = await client.ChatAsync();
        Assert.False(after.Headers.Contains("x-ratelimit-limit-requests"));
    }

    [Fact]
    public async Task Limits_TotalTokens_EndsAndRaisesTheQuota()
    {
        await using var client = await CloudClient.StartAsync();
        using var ended = await client.PostAsync("_simulator/limits", """{"keyId":"any","totalTokens":0}""");
        using var refused = await client.ChatAsync();
        Assert.Equal("insufficient_quota", (await CloudClient.JsonAsync(refused, HttpStatusCode.TooManyRequests)).GetProperty("error").GetProperty("code").GetString());

        using var raised = await client.PostAsync("_simulator/limits", """{"totalTokens":100000}""");
        using var well = await client.ChatAsync();

        Assert.Equal(HttpStatusCode.OK, well.StatusCode);
    }
}
