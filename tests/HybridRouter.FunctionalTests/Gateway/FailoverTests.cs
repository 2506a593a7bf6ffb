using System.Text.Json;
using HybridRouter.Configuration;
using HybridRouter.Simulator;
using Microsoft.AspNetCore.Http;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

public sealed class FailoverTests
{
    public static TheoryData<SimulatedFault, string> Faults(bool stream) => new()
    {
        { new() { Kind = SimulatedFaultKind.Status, Status = 500 }, "failed" },
        { new() { Kind = SimulatedFaultKind.Status, Status = 503 }, "failed" },
        { new() { Kind = SimulatedFaultKind.Status, Status = 429, RetryAfterSeconds = 30 }, "rate limited" },
        { new() { Kind = SimulatedFaultKind.Status, Status = 429, Code = "insufficient_quota" }, "quota spent" },
        { new() { Kind = SimulatedFaultKind.Status, Status = 401 }, "credentials refused" },
        { new() { Kind = SimulatedFaultKind.Hang }, "timed out" },
        { new() { Kind = SimulatedFaultKind.BadJson, AfterEvents = 0 }, "sent a bad reply" },
        { new() { Kind = SimulatedFaultKind.BadSse, AfterEvents = 0 }, "sent a bad reply" },
        { new() { Kind = SimulatedFaultKind.StreamError, AfterEvents = 0 }, "failed" },
        { new() { Kind = SimulatedFaultKind.EmptyStream }, "sent a bad reply" },
        { new() { Kind = SimulatedFaultKind.Cut, AfterEvents = 0 }, stream ? "sent a bad reply" : "unreachable" },
    };

    [Theory, MemberData(nameof(Faults), true)]
    public Task Stream_CloudFailsBeforeTheFirstByte_LocalAnswers(SimulatedFault fault, string what) => CloudFailsAsync(fault, what, ",\"stream\":true");

    [Theory, MemberData(nameof(Faults), false)]
    public Task Whole_CloudFails_LocalAnswers(SimulatedFault fault, string what) => CloudFailsAsync(fault, what, "");

    [Theory, MemberData(nameof(Faults), true)]
    public async Task Stream_LocalFailsBeforeTheFirstByte_CloudAnswers(SimulatedFault fault, string what)
    {
        await using var gateway = await StartAsync(Impatient);
        gateway.Local.AddFault(fault);
        var response = await gateway.ChatAsync("easy", ",\"stream\":true");

        Assert.Equal("[DONE]", (await EventsAsync(response))[^1]);
        Assert.Equal(("cloud", $"cloud fallback: local {what}"), (Route(response), Header(response, "x-hybridrouter-reason")));
    }

    [Fact]
    public async Task Local_NotRunning_CloudAnswers()
    {
        await using var gateway = await StartAsync(o => o.Local.Engines[0].BaseUrl = "http://127.0.0.1:9/v1");
        var response = await gateway.ChatAsync("easy");

        await JsonAsync(response);
        Assert.Equal("cloud", Route(response));
        Assert.Contains("local un", Header(response, "x-hybridrouter-reason"));
    }

    [Fact]
    public async Task Cloud_Rejects_TheClientIsTold()
    {
        await using var gateway = await StartAsync();
        gateway.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Status, Status = 400, Message = "bad tool" });

        Assert.Equal("bad tool", (await ErrorAsync(await gateway.ChatAsync("hard"), 400)).GetProperty("message").GetString());
        Assert.Empty(Posts(gateway.Local));
    }

    [Fact]
    public async Task Cloud_RateLimitedWithoutFallback_SaysWhenToComeBack()
    {
        await using var gateway = await StartAsync(o => o.Routing.Profiles["default"] = new() { OnPremFallback = false });
        gateway.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Status, Status = 429, RetryAfterSeconds = 30 });
        var first = await gateway.ChatAsync("hard");
        var second = await gateway.ChatAsync("hard");

        await ErrorAsync(first, 429, "rate_limit_exceeded");
        await ErrorAsync(second, 429, "rate_limit_exceeded");
        Assert.Equal("30", Header(first, "Retry-After"));
        Assert.InRange(int.Parse(Header(second, "Retry-After")), 1, 30);
    }

    [Fact]
    public async Task Cloud_QuotaSpentWithoutFallback_IsTerminal()
    {
        await using var gateway = await StartAsync(o => o.Routing.Profiles["default"] = new() { OnPremFallback = false });
        gateway.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Status, Status = 429, Code = "insufficient_quota" });

        for (var i = 0; i < 2; i++)
        {
            var response = await gateway.ChatAsync("hard");
            await ErrorAsync(response, 429, "insufficient_quota");
            Assert.Equal(("", "false"), (Header(response, "Retry-After"), Header(response, "x-should-retry")));
        }
    }

    [Theory]
    [InlineData(SimulatedFaultKind.Cut)]
    [InlineData(SimulatedFaultKind.BadJson)]
    [InlineData(SimulatedFaultKind.BadSse)]
    [InlineData(SimulatedFaultKind.StreamError)]
    public async Task ChatStream_BreaksInTheMiddle_EndsWithAnErrorAndWithoutASwitch(SimulatedFaultKind kind)
    {
        await using var gateway = await StartAsync();
        gateway.Cloud.AddFault(new() { Kind = kind, AfterEvents = 4 });
        var events = await EventsAsync(await gateway.ChatAsync("hard", ",\"stream\":true"));

        Assert.DoesNotContain("[DONE]", events);
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(events[^1]).RootElement.GetProperty("error").ValueKind);
        Assert.Contains("content", events[0] + events[1] + events[2]);
        Assert.Empty(Posts(gateway.Local));
    }

    [Theory]
    [InlineData(SimulatedFaultKind.Cut, true)]
    [InlineData(SimulatedFaultKind.BadJson, true)]
    [InlineData(SimulatedFaultKind.StreamError, true)]
    [InlineData(SimulatedFaultKind.Cut, false)]
    [InlineData(SimulatedFaultKind.BadJson, false)]
    [InlineData(SimulatedFaultKind.StreamError, false)]
    public async Task ResponsesStream_BreaksInTheMiddle_EndsAsFailed(SimulatedFaultKind kind, bool cloud)
    {
        await using var gateway = await StartAsync();
        var (service, other) = cloud ? (gateway.Cloud, gateway.Local) : (gateway.Local, gateway.Cloud);
        service.AddFault(new() { Kind = kind, AfterEvents = 6 });
        var events = await EventsAsync(await gateway.ResponseAsync(cloud ? "hard" : "easy", ",\"stream\":true"));

        var last = JsonDocument.Parse(events[^1]).RootElement;
        Assert.Equal(("response.failed", "failed"), (last.GetProperty("type").GetString(), last.GetProperty("response").GetProperty("status").GetString()));
        Assert.NotEqual("", last.GetProperty("response").GetProperty("error").GetProperty("code").GetString());
        var numbers = events.Select(e => JsonDocument.Parse(e).RootElement.GetProperty("sequence_number").GetInt32()).ToArray();
        Assert.Equal(numbers.Order().Distinct(), numbers);
        Assert.Empty(Posts(other));
    }

    [Fact]
    public async Task Stream_GoesSilentInTheMiddle_EndsWithAnError()
    {
        await using var gateway = await StartAsync(o => o.Cloud.Providers[0].IdleTimeoutSeconds = 0.5);
        gateway.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Stall, AfterEvents = 4, DelaySeconds = 60 });
        var events = await EventsAsync(await gateway.ChatAsync("hard", ",\"stream\":true"));

        Assert.Contains("upstream_timeout", events[^1]);
        Assert.DoesNotContain("[DONE]", events);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_Leaves_UpstreamSeesIt(bool cloud)
    {
        await using var gateway = await StartAsync();
        var service = cloud ? gateway.Cloud : gateway.Local;
        service.AddFault(new() { Kind = SimulatedFaultKind.Stall, AfterEvents = 4, DelaySeconds = 600 });
        using (var response = await gateway.ChatAsync(cloud ? "hard" : "easy", ",\"stream\":true"))
        {
            var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            Assert.True(await stream.ReadAsync(new byte[10], TestContext.Current.CancellationToken) > 0);
        }
        await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(() => Posts(service).Any(r => r.CancelledByClient), "the upstream saw the client leave");
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Client_LeavesBeforeTheFirstByte_UpstreamSeesItAndNobodyElseIsAsked(bool cloud, bool stream)
    {
        await using var gateway = await StartAsync();
        var (service, other) = cloud ? (gateway.Cloud, gateway.Local) : (gateway.Local, gateway.Cloud);
        service.AddFault(new() { Kind = SimulatedFaultKind.Hang });
        using var client = new CancellationTokenSource();
        var json = Chat(cloud ? "hard" : "easy", stream ? ",\"stream\":true" : "");
        var sending = gateway.PostAsync("v1/chat/completions", new StringContent(json, System.Text.Encoding.UTF8, "application/json"), client.Token);
        await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(() => service.State.Faults.Any(f => f.Acted > 0), "the request is there");
        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(() => Posts(service).Any(r => r.CancelledByClient), "the upstream saw the client leave");
        Assert.Empty(Posts(other));
    }

    private static void Impatient(RouterOptions options)
    {
        options.Cloud.Providers[0].FirstByteTimeoutSeconds = options.Local.Engines[0].FirstByteTimeoutSeconds = 1;
        options.Cloud.Providers[0].AnswerTimeoutSeconds = options.Local.Engines[0].AnswerTimeoutSeconds = 1;
    }

    private static async Task CloudFailsAsync(SimulatedFault fault, string what, string more)
    {
        await using var gateway = await StartAsync(Impatient);
        gateway.Cloud.AddFault(fault);
        var response = await gateway.ChatAsync("hard", more);
        var text = await TextAsync(response);

        Assert.True(response.IsSuccessStatusCode, text);
        Assert.Equal(("local", $"on-prem fallback: cloud {what}"), (Route(response), Header(response, "x-hybridrouter-reason")));
        Assert.Single(Posts(gateway.Local));
    }
}
