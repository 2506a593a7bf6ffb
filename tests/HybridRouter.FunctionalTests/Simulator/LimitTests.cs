using System.Globalization;
using System.Net;
using System.Text.Json;
using HybridRouter.Simulator;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.FunctionalTests.Simulator;

public sealed class LimitTests
{
    [Fact]
    public async Task Requests_TwoHundredAtOnceAgainstFifty_ExactlyFiftyPass()
    {
        await using var client = await CloudClient.StartAsync(o => o.Limits = new() { RequestsPerMinute = 50 }, new FakeTimeProvider());

        var statuses = await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
        {
            using var response = await client.ChatAsync();
            return response.StatusCode;
        }));

        Assert.Equal(50, statuses.Count(s => s == HttpStatusCode.OK));
        Assert.Equal(150, statuses.Count(s => s == HttpStatusCode.TooManyRequests));
        var account = Assert.Single(client.Cloud.State.Accounts);
        Assert.Equal((200, 50, 150), (account.Seen, account.Accepted, account.Refused.Requests));
        Assert.Equal(0, account.InFlight);
    }

    [Fact]
    public async Task Requests_OverTheLimit_TellsTheWaitInEveryForm()
    {
        var clock = new FakeTimeProvider();
        await using var client = await CloudClient.StartAsync(o => o.Limits = new() { RequestsPerMinute = 2 }, clock);
        using var first = await client.ChatAsync();
        Assert.Equal("2", Header(first, "x-ratelimit-limit-requests"));
        Assert.Equal("1", Header(first, "x-ratelimit-remaining-requests"));
        Assert.Equal("30s", Header(first, "x-ratelimit-reset-requests"));
        using var second = await client.ChatAsync();
        clock.Advance(TimeSpan.FromSeconds(10.5));

        using var third = await client.ChatAsync();
        var error = (await CloudClient.JsonAsync(third, HttpStatusCode.TooManyRequests)).GetProperty("error");

        Assert.Equal("20", Header(third, "Retry-After"));
        Assert.Equal("19500", Header(third, "retry-after-ms"));
        Assert.Equal("49.5s", Header(third, "x-ratelimit-reset-requests"));
        Assert.Equal("requests", error.GetProperty("type").GetString());
        Assert.Equal("rate_limit_exceeded", error.GetProperty("code").GetString());
        Assert.Contains("Please try again in 19.5s.", error.GetProperty("message").GetString());

        clock.Advance(TimeSpan.FromSeconds(19.5));
        using var fourth = await client.ChatAsync();
        Assert.Equal(HttpStatusCode.OK, fourth.StatusCode);
    }

    [Fact]
    public async Task RetryAfter_None_IsLeftOutButTheMessageHasTheWait()
    {
        await using var client = await CloudClient.StartAsync(
            o => (o.Limits, o.RetryAfter) = (new() { RequestsPerMinute = 1 }, RetryAfterForm.None), new FakeTimeProvider());
        using var first = await client.ChatAsync();

        using var second = await client.ChatAsync();
        var error = (await CloudClient.JsonAsync(second, HttpStatusCode.TooManyRequests)).GetProperty("error");

        Assert.Null(Header(second, "Retry-After"));
        Assert.Null(Header(second, "retry-after-ms"));
        Assert.Contains("try again in 60s", error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task RetryAfter_HttpDate_IsNotBeforeTheWaitEnds()
    {
        var clock = new FakeTimeProvider();
        await using var client = await CloudClient.StartAsync(
            o => (o.Limits, o.RetryAfter) = (new() { RequestsPerMinute = 1 }, RetryAfterForm.HttpDate), clock);
        using var first = await client.ChatAsync();

        using var second = await client.ChatAsync();

        var date = DateTimeOffset.ParseExact(Header(second, "Retry-After")!, "R", CultureInfo.InvariantCulture);
        Assert.InRange(date - clock.GetUtcNow(), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(62));
    }

    [Fact]
    public async Task Tokens_ReservedBeforeAndSettledAfter()
    {
        await using var client = await CloudClient.StartAsync(o => o.Limits = new() { TokensPerMinute = 1000 }, new FakeTimeProvider());

        using var first = await client.ChatAsync(more: ""","max_tokens":900""");
        var used = (await CloudClient.JsonAsync(first)).GetProperty("usage").GetProperty("total_tokens").GetInt32();

        Assert.True(int.Parse(Header(first, "x-ratelimit-remaining-tokens")!) < 100);
        Assert.Equal(1000 - used, client.Cloud.State.Accounts[0].RemainingTokens);
        using var second = await client.ChatAsync(more: ""","max_tokens":980""");
        var error = (await CloudClient.JsonAsync(second, HttpStatusCode.TooManyRequests)).GetProperty("error");
        Assert.Equal("tokens", error.GetProperty("type").GetString());
        Assert.NotNull(Header(second, "Retry-After"));
    }

    [Fact]
    public async Task Tokens_MoreThanTheLimitCanEverGive_IsRefusedWithoutAWait()
    {
        await using var client = await CloudClient.StartAsync(o => o.Limits = new() { TokensPerMinute = 1000 });

        using var response = await client.ChatAsync(more: ""","max_tokens":2000""");
        var error = (await CloudClient.JsonAsync(response, HttpStatusCode.TooManyRequests)).GetProperty("error");

        Assert.Equal("tokens", error.GetProperty("type").GetString());
        Assert.Null(Header(response, "Retry-After"));
        Assert.Equal(1, client.Cloud.State.Accounts[0].Refused.TooLarge);
    }

    [Fact]
    public async Task Quota_UsedUp_GetsInsufficientQuotaWithoutAWait()
    {
        await using var client = await CloudClient.StartAsync(o => o.Keys = [new() { Key = "sk-test", TotalTokens = 10 }]);
        using var first = await client.ChatAsync();
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);

        using var second = await client.ChatAsync();
        var error = (await CloudClient.JsonAsync(second, HttpStatusCode.TooManyRequests)).GetProperty("error");

        Assert.Equal("insufficient_quota", error.GetProperty("type").GetString());
        Assert.Equal("insufficient_quota", error.GetProperty("code").GetString());
        Assert.Null(Header(second, "Retry-After"));
    }

    [Fact]
    public async Task Concurrency_SecondWhileTheFirstIsHeld_IsRefusedUntilItEnds()
    {
        await using var client = await CloudClient.StartAsync(o => o.Limits = new() { ConcurrentRequests = 1 });
        client.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Hang, Times = 1 });
        using var leave = new CancellationTokenSource();
        var held = client.PostAsync("v1/chat/completions", """{"model":"gpt-5","messages":[{"role":"user","content":"x"}]}""", leave.Token);
        await UntilAsync(() => client.Cloud.State.Accounts is [{ InFlight: 1 }]);

        using var second = await client.ChatAsync();
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.Equal("1", Header(second, "Retry-After"));

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        await UntilAsync(() => client.Cloud.State.Accounts[0].InFlight == 0);
        using var third = await client.ChatAsync();
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
        Assert.Equal((1, 1L, 1L), (client.Cloud.State.Accounts[0].HighestConcurrency, client.Cloud.State.Accounts[0].CancelledByClient, client.Cloud.State.Accounts[0].Refused.Concurrency));
    }

    [Fact]
    public async Task Keys_EachHasItsOwnLimits_UnknownOnesGet401()
    {
        await using var client = await CloudClient.StartAsync(o => o.Keys =
        [
            new() { Key = "sk-test", Limits = new() { RequestsPerMinute = 1 }, ModelLimits = { ["gpt-5-mini"] = new() { RequestsPerMinute = 7 } } },
            new() { Key = "sk-second", Id = "second" },
        ]);
        using var first = await client.ChatAsync();
        using var mini = await client.ChatAsync(model: "gpt-5-mini");
        Assert.Equal("7", Header(mini, "x-ratelimit-limit-requests"));
        using var refused = await client.ChatAsync();
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);

        client.Http.DefaultRequestHeaders.Authorization = new("Bearer", "sk-second");
        using var second = await client.ChatAsync();
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.Null(Header(second, "x-ratelimit-limit-requests"));

        client.Http.DefaultRequestHeaders.Authorization = new("Bearer", "sk-wrong");
        using var unknown = await client.ChatAsync();
        var error = (await CloudClient.JsonAsync(unknown, HttpStatusCode.Unauthorized)).GetProperty("error");
        Assert.Equal("invalid_api_key", error.GetProperty("code").GetString());
        client.Http.DefaultRequestHeaders.Authorization = null;
        using var none = await client.ChatAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, none.StatusCode);

        var state = await client.GetAsync("_simulator/state");
        Assert.Equal(2, state.GetProperty("unknownKeys").GetInt32());
        Assert.Equal(["key-1", "key-1", "second"], state.GetProperty("accounts").EnumerateArray().Select(a => a.GetProperty("keyId").GetString()));
        Assert.DoesNotContain("sk-", state.GetRawText());
    }

    [Fact]
    public async Task ProjectTokens_SharedByTheKeysOfAProject()
    {
        await using var client = await CloudClient.StartAsync(
            o => (o.ProjectTokensPerMinute, o.Keys) = (400, [new() { Key = "sk-test" }, new() { Key = "sk-second" }]), new FakeTimeProvider());
        using var first = await client.ChatAsync(more: ""","max_tokens":300""");
        Assert.Equal("400", Header(first, "x-ratelimit-limit-project-tokens"));
        Assert.Null(Header(first, "x-ratelimit-limit-tokens"));

        client.Http.DefaultRequestHeaders.Authorization = new("Bearer", "sk-second");
        using var second = await client.ChatAsync(more: ""","max_tokens":350""");

        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.Equal(1, client.Cloud.State.Accounts.Sum(a => a.Refused.ProjectTokens));
    }

    [Fact]
    public async Task Azure_DeploymentPath_HasItsKeyHeaderItsErrorsAndBareSeconds()
    {
        await using var client = await CloudClient.StartAsync(o => o.Keys = [new() { Key = "az", Limits = new() { RequestsPerMinute = 1 } }], new FakeTimeProvider());
        client.Http.DefaultRequestHeaders.Authorization = null;
        client.Http.DefaultRequestHeaders.Add("api-key", "az");
        const string Path = "openai/deployments/my-gpt/chat/completions?api-version=2025-01-01";
        const string Body = """{"messages":[{"role":"user","content":"hi"}],"stream":true}""";

        using var first = await client.PostAsync(Path, Body);
        var events = await CloudClient.EventsAsync(first);
        Assert.Equal(0, JsonDocument.Parse(events[0].Data).RootElement.GetProperty("choices").GetArrayLength());
        Assert.Equal("my-gpt", JsonDocument.Parse(events[1].Data).RootElement.GetProperty("model").GetString());
        Assert.Equal("60", Header(first, "x-ratelimit-reset-requests"));
        using var second = await client.PostAsync(Path, Body);
        var error = (await CloudClient.JsonAsync(second, HttpStatusCode.TooManyRequests)).GetProperty("error");

        Assert.Equal("429", error.GetProperty("code").GetString());
        Assert.False(error.TryGetProperty("type", out _));
        Assert.Contains("retry after 60 seconds", error.GetProperty("message").GetString());
        using var noVersion = await client.PostAsync("openai/deployments/my-gpt/chat/completions", Body);
        Assert.Equal(HttpStatusCode.NotFound, noVersion.StatusCode);
        using var v1 = await client.PostAsync("openai/v1/responses", """{"model":"my-other","input":"hi"}""");
        Assert.Equal(HttpStatusCode.OK, v1.StatusCode);
        using var openAi = await client.ChatAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, openAi.StatusCode);
    }

    internal static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
