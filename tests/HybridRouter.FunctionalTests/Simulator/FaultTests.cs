using System.Net;
using System.Text.Json;
using HybridRouter.Simulator;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.FunctionalTests.Simulator;

public sealed class FaultTests
{
    private const string Stream = ",\"stream\":true";

    [Theory]
    [InlineData(500, "server_error")]
    [InlineData(502, "server_error")]
    [InlineData(503, "server_is_overloaded")]
    [InlineData(401, "invalid_api_key")]
    [InlineData(403, "permission_denied")]
    public async Task Status_NextRequestOnly_ThenWellAgain(int status, string code)
    {
        await using var client = await CloudClient.StartAsync();
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Status, Status = status, RetryAfterSeconds = status == 503 ? 3 : null, Times = 1 });

        using var failed = await client.ChatAsync();
        var error = (await CloudClient.JsonAsync(failed, (HttpStatusCode)status)).GetProperty("error");
        using var well = await client.ChatAsync();

        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Equal(status == 503 ? TimeSpan.FromSeconds(3) : null, failed.Headers.RetryAfter?.Delta);
        Assert.Equal(HttpStatusCode.OK, well.StatusCode);
        Assert.Equal(1, client.Cloud.State.Accounts[0].Faulted);
    }

    [Theory]
    [InlineData(-1, "-1", "-1")]
    [InlineData(0, "1000", "0")]
    [InlineData(999_999, "1000", "999999")]
    public async Task FalseLimits_GoodAnswer_TellsWhatItIsToldTo(long remaining, string limit, string told)
    {
        await using var client = await CloudClient.StartAsync(o => o.Limits = new() { TokensPerMinute = 1000 });
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.FalseLimits, Remaining = remaining, Times = 1 });

        using var lie = await client.ChatAsync();
        using var truth = await client.ChatAsync();

        string[] Limits(HttpResponseMessage response) => [.. ((string[])["limit", "remaining", "reset"]).Select(n => response.Headers.GetValues($"x-ratelimit-{n}-tokens").Single())];
        Assert.Equal(HttpStatusCode.OK, lie.StatusCode);
        Assert.Equal([limit, told, "0"], Limits(lie));
        Assert.False(lie.Headers.Contains("x-ratelimit-limit-requests"));
        Assert.Equal("1000", Limits(truth)[0]);
        Assert.InRange(int.Parse(Limits(truth)[1], System.Globalization.CultureInfo.InvariantCulture), 1, 999);
    }

    [Fact]
    public async Task Slow_AnswersWellAfterTheDelay()
    {
        var clock = new FakeTimeProvider();
        await using var client = await CloudClient.StartAsync(time: clock);
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Slow, DelaySeconds = 30 });

        var answer = client.ChatAsync();
        await LimitTests.UntilAsync(() => client.Cloud.State.Accounts is [{ InFlight: 1 }]);
        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(answer.IsCompleted);
        await LimitTests.UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return answer.IsCompleted;
        });

        using var response = await answer;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Hang_StoppingTheCloud_EndsTheRequest()
    {
        var client = await CloudClient.StartAsync();
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Hang });
        var answer = client.ChatAsync();
        await LimitTests.UntilAsync(() => client.Cloud.State.Accounts is [{ InFlight: 1 }]);

        await client.Cloud.DisposeAsync();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Cut_AfterEvents_SendsThoseThenEndsTheConnection()
    {
        await using var client = await CloudClient.StartAsync();
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Cut, AfterEvents = 3, Times = 2 });

        using var stream = await client.ChatAsync(more: Stream);
        Assert.Equal(3, await CountUntilCutAsync(stream));
        using var whole = await client.ChatAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => whole.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.Equal(0, client.Cloud.State.Accounts[0].CancelledByClient);
    }

    [Fact]
    public async Task BadJson_OneEventIsBroken()
    {
        await using var client = await CloudClient.StartAsync();
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.BadJson, AfterEvents = 1 });

        using var stream = await client.ChatAsync(more: Stream);
        var events = await CloudClient.EventsAsync(stream);
        using var whole = await client.ChatAsync();

        Assert.True(IsJson(events[0].Data));
        Assert.False(IsJson(events[1].Data));
        Assert.True(IsJson(events[2].Data));
        Assert.False(IsJson(await whole.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task BadSse_EndsWithLinesThatAreNoEvents()
    {
        await using var client = await CloudClient.StartAsync();
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.BadSse, AfterEvents = 1 });

        using var stream = await client.ChatAsync(more: Stream);
        var text = await stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Contains("<html>", text);
        Assert.DoesNotContain("[DONE]", text);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public async Task StreamError_InChat_IsAnErrorEventAfterThatManyEvents(int after)
    {
        await using var client = await CloudClient.StartAsync();
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.StreamError, AfterEvents = after, Code = "rate_limit_exceeded", Message = "Please try again in 1.5s." });

        using var stream = await client.ChatAsync(more: Stream);
        var events = await CloudClient.EventsAsync(stream);

        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        Assert.Equal(after + 1, events.Count);
        var error = JsonDocument.Parse(events[^1].Data).RootElement.GetProperty("error");
        Assert.Equal("rate_limit_exceeded", error.GetProperty("code").GetString());
        Assert.Equal("Please try again in 1.5s.", error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task StreamError_InResponses_IsAFailedResponse()
    {
        await using var client = await CloudClient.StartAsync();
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.StreamError, AfterEvents = 2 });

        using var stream = await client.ResponseAsync(more: Stream);
        var last = (await CloudClient.EventsAsync(stream))[^1];
        using var whole = await client.ResponseAsync();

        Assert.Equal("response.failed", last.Name);
        var response = JsonDocument.Parse(last.Data).RootElement.GetProperty("response");
        Assert.Equal("server_error", response.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("failed", (await CloudClient.JsonAsync(whole)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task EmptyStream_Is200WithoutABody()
    {
        await using var client = await CloudClient.StartAsync();
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.EmptyStream });

        using var stream = await client.ChatAsync(more: Stream);

        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        Assert.Empty(await CloudClient.EventsAsync(stream));
    }

    [Fact]
    public async Task HugeChunk_IsOneValidEventOfThatSize()
    {
        await using var client = await CloudClient.StartAsync();
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.HugeChunk, AfterEvents = 1, Bytes = 3_000_000 });

        using var stream = await client.ChatAsync(more: Stream);
        var events = await CloudClient.EventsAsync(stream);

        Assert.Equal(3_000_000, events[1].Data.Length, 10.0);
        Assert.True(IsJson(events[1].Data));
        Assert.Equal("[DONE]", events[^1].Data);
    }

    [Fact]
    public async Task Stall_SilentInsideTheStreamUntilTheDelayIsOver()
    {
        var clock = new FakeTimeProvider();
        await using var client = await CloudClient.StartAsync(time: clock);
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Stall, AfterEvents = 2, DelaySeconds = 60 });

        using var stream = await client.ChatAsync(more: Stream);
        var rest = stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.False(rest.IsCompleted);
        await LimitTests.UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(60));
            return rest.IsCompleted;
        });

        Assert.EndsWith("data: [DONE]\n\n", await rest);
    }

    [Fact]
    public async Task Filters_OnlyTheGivenModelKeyAndOperationFail()
    {
        await using var client = await CloudClient.StartAsync();
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Status, Model = "gpt-5", Operation = "chat", KeyId = "any" });

        using var chat = await client.ChatAsync();
        using var otherModel = await client.ChatAsync(model: "gpt-4o");
        using var otherOperation = await client.ResponseAsync();

        Assert.Equal(HttpStatusCode.InternalServerError, chat.StatusCode);
        Assert.Equal(HttpStatusCode.OK, otherModel.StatusCode);
        Assert.Equal(HttpStatusCode.OK, otherOperation.StatusCode);
    }

    [Fact]
    public async Task Client_LeavesInTheMiddleOfAStream_IsCountedAndPaysForWhatItGot()
    {
        await using var client = await CloudClient.StartAsync(o => (o.TokensPerSecond, o.OutputTokens) = (200, 1000));
        using var leave = new CancellationTokenSource();
        var stream = await client.PostAsync("v1/chat/completions", """{"model":"gpt-5","messages":[{"role":"user","content":"x"}],"stream":true}""", leave.Token);
        var body = await stream.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await body.ReadExactlyAsync(new byte[500], TestContext.Current.CancellationToken);

        stream.Dispose();
        await LimitTests.UntilAsync(() => client.Cloud.State.Accounts[0].InFlight == 0);

        var account = client.Cloud.State.Accounts[0];
        Assert.Equal(1, account.CancelledByClient);
        Assert.InRange(account.OutputTokens, 1, 999);
    }

    private static async Task<int> CountUntilCutAsync(HttpResponseMessage response)
    {
        var count = 0;
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
                count += line.StartsWith("data: ", StringComparison.Ordinal) ? 1 : 0;
        });
        return count;
    }

    private static bool IsJson(string text)
    {
        try
        {
            JsonDocument.Parse(text).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
