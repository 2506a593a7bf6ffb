using HybridRouter.Backends;
using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.Gateway;
using HybridRouter.Simulator;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.FunctionalTests.Cloud;

public sealed class KeyPoolTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static TheoryData<string, SimulatedLimits, UpstreamLimitOptions?> Limits => new()
    {
        { "requests, learned", new() { RequestsPerMinute = 60 }, null },
        { "requests, configured", new() { RequestsPerMinute = 60 }, new() { RequestsPerMinute = 60 } },
        { "tokens, learned", new() { TokensPerMinute = 4000 }, null },
        { "tokens, configured", new() { TokensPerMinute = 4000 }, new() { TokensPerMinute = 4000 } },
        { "both, in bursts of ten seconds", new() { RequestsPerMinute = 120, TokensPerMinute = 6000, BurstSeconds = 10 }, new() { RequestsPerMinute = 120, TokensPerMinute = 6000, BurstSeconds = 10 } },
        { "configured larger than it is", new() { RequestsPerMinute = 60 }, new() { RequestsPerMinute = 6000 } },
        { "of a day, learned", new() { RequestsPerDay = 40 }, null },
        { "concurrency", new() { RequestsPerMinute = 600, ConcurrentRequests = 3 }, new() { RequestsPerMinute = 600, ConcurrentRequests = 3 } },
    };

    [Theory, MemberData(nameof(Limits))]
    public async Task SteadyLoad_BeyondTheLimits_NoKeyIsEverRefusedUpstream(string what, SimulatedLimits limits, UpstreamLimitOptions? configured)
    {
        await using var rig = await PoolRig.StartAsync(keys: 3, limits, o => o.Models[0].Limits = configured);
        var (answered, failures) = await rig.LoadAsync(TimeSpan.FromMinutes(2), Second, atOnce: 12);

        Assert.True(rig.Refusals == 0, $"{what}: {string.Join(' ', rig.Cloud.State.Accounts.Select(a => a.Refused))}");
        Assert.Equal(3, rig.Cloud.State.Accounts.Count);
        Assert.True(answered > 0 && failures.Count > 0, $"{what}: {answered} answered, {failures.Count} not");
        Assert.All(failures, f => Assert.True(f.Kind == FailureKind.RateLimited && f.Error.RetryAfter is not null));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SteadyLoad_BeyondTheLimits_UsesNearlyAllOfTheQuota(bool tokens)
    {
        const int keys = 3, perMinute = 6000, minutes = 3;
        var limits = tokens ? new SimulatedLimits { TokensPerMinute = perMinute } : new SimulatedLimits { RequestsPerMinute = 120 };
        await using var rig = await PoolRig.StartAsync(keys, limits);
        await rig.LoadAsync(TimeSpan.FromMinutes(minutes), Second, atOnce: 15);

        var used = rig.Cloud.State.Accounts.Sum(a => tokens ? a.InputTokens + a.OutputTokens : a.Accepted);
        // A full bucket at the start and what is refilled.
        double quota = keys * (tokens ? perMinute : 120) * (minutes + 1);
        Assert.Equal(0, rig.Refusals);
        Assert.InRange(used / quota, 0.97, 1);
    }

    [Fact]
    public async Task SteadyLoad_SharedProject_IsNeverRefusedUpstream()
    {
        await using var rig = await PoolRig.StartAsync(3, SimulatedLimits.None, cloud: c => c.ProjectTokensPerMinute = 5000);
        var (answered, failures) = await rig.LoadAsync(TimeSpan.FromMinutes(2), Second, atOnce: 6);

        Assert.True(answered > 0 && failures.Count > 0);
        Assert.Equal(0, rig.Refusals);
    }

    [Fact]
    public async Task SteadyLoad_KeysOfOneProject_ShareItsTokensFromTheFirstBurstOn()
    {
        const int perMinute = 5000;
        await using var rig = await PoolRig.StartAsync(
            2,
            SimulatedLimits.None,
            o => (o.LimitsPer, o.Models[0].Limits) = (LimitScope.Project, new() { TokensPerMinute = perMinute }),
            c => c.ProjectTokensPerMinute = perMinute);
        // The first burst asks for more than the project has, and for less than twice that.
        var (answered, failures) = await rig.LoadAsync(TimeSpan.FromMinutes(1), Second, atOnce: 100);

        Assert.True(answered > 0 && failures.Count > 0);
        Assert.Equal(0, rig.Refusals);
        Assert.Equal(2, rig.Cloud.State.Accounts.Count);
        Assert.InRange(rig.Cloud.State.Accounts.Sum(a => a.InputTokens + a.OutputTokens) / (2.0 * perMinute), 0.95, 1);
    }

    [Fact]
    public async Task Limits_CutByTheCloudMeanwhile_AreLearnedAgain()
    {
        await using var rig = await PoolRig.StartAsync(2, new() { RequestsPerMinute = 600 });
        await rig.LoadAsync(TimeSpan.FromSeconds(10), Second, atOnce: 4);
        rig.Cloud.SetLimits(new SimulatedLimits { RequestsPerMinute = 30 });
        await rig.LoadAsync(TimeSpan.FromMinutes(2), Second, atOnce: 4);

        Assert.Equal(0, rig.Refusals);
    }

    [Fact]
    public async Task Key_Unknown_IsTakenOutAndTheOthersServe()
    {
        await using var rig = await PoolRig.StartAsync(3, SimulatedLimits.None, o => o.ApiKeys[1] = "sk-revoked");
        var (answered, failures) = await rig.LoadAsync(TimeSpan.FromSeconds(20), Second, atOnce: 1);

        Assert.Equal((20, 0), (answered, failures.Count));
        Assert.Equal(1, rig.Cloud.State.UnknownKeys);
        Assert.Equal([KeyState.Ready, KeyState.Refused, KeyState.Ready], (await rig.Backend.ReadKeysAsync(CancellationToken.None)).Select(k => k.State));
    }

    [Fact]
    public async Task Key_QuotaSpent_IsTakenOutUntilItIsReleased()
    {
        await using var rig = await PoolRig.StartAsync(2, SimulatedLimits.None, cloud: c => c.Keys[0].TotalTokens = 200);
        var (answered, _) = await rig.LoadAsync(TimeSpan.FromSeconds(20), Second, atOnce: 1);
        Assert.Equal(20, answered);
        Assert.Equal(1, rig.Refusals);
        var spent = (await rig.Backend.ReadKeysAsync(CancellationToken.None)).Single(k => k.State == KeyState.Spent);
        using var http = new HttpClient();
        (await http.PostAsync(rig.Cloud.BaseUri + "_simulator/limits", new StringContent("""{"keyId":"key-1","totalTokens":1000000}"""))).EnsureSuccessStatusCode();
        await rig.Backend.ReleaseKeyAsync(spent.Name);
        var before = rig.Cloud.State.Accounts.Single(a => a.KeyId == "key-1").Accepted;
        await rig.LoadAsync(TimeSpan.FromSeconds(4), Second, atOnce: 1);

        Assert.Equal(before + 2, rig.Cloud.State.Accounts.Single(a => a.KeyId == "key-1").Accepted);
    }

    [Theory]
    [InlineData(RetryAfterForm.Seconds)]
    [InlineData(RetryAfterForm.HttpDate)]
    [InlineData(RetryAfterForm.None)]
    public async Task Key_RefusedForItsRate_RestsAsToldAndIsNotRefusedAgain(RetryAfterForm form)
    {
        await using var rig = await PoolRig.StartAsync(1, new() { RequestsPerMinute = 12 }, cloud: c => c.RetryAfter = form);
        // Somebody else uses the same key up.
        using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new("Bearer", "sk-1") } };
        for (var i = 0; i < 12; i++)
            (await http.PostAsync(rig.Cloud.OpenAiUri.AbsoluteUri + "/chat/completions", new StringContent("""{"model":"big","messages":[{"role":"user","content":"a"}]}"""))).EnsureSuccessStatusCode();
        var told = Assert.IsType<BackendReply.Failed>(await rig.SendAsync()).Failure.Error.RetryAfter!.Value;
        Assert.InRange(told.TotalSeconds, 4.9, 7);
        var (answered, _) = await rig.LoadAsync(TimeSpan.FromMinutes(3), Second, atOnce: 2);

        Assert.Equal(1, rig.Refusals);
        Assert.InRange(answered, 33, 36);
    }

    [Theory]
    [InlineData("1000000", "1000000", "1ms")]
    [InlineData("0", "0", "0s")]
    [InlineData("-1", "-1", "-1")]
    [InlineData("99999999999999999999", "99999999999999999999", "99999h")]
    [InlineData("lots", "some", "later")]
    public async Task Headers_ThatLie_ConfiguredLimitsHold(string limit, string remaining, string reset)
    {
        var asked = 0;
        await using var liar = await ScriptedUpstream.StartAsync(async context =>
        {
            Interlocked.Increment(ref asked);
            foreach (var what in new[] { "requests", "tokens" })
                (context.Response.Headers[$"x-ratelimit-limit-{what}"], context.Response.Headers[$"x-ratelimit-remaining-{what}"], context.Response.Headers[$"x-ratelimit-reset-{what}"]) = (limit, remaining, reset);
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("""{"usage":{"prompt_tokens":20,"completion_tokens":20}}""");
        });
        await using var rig = await PoolRig.StartAsync(2, SimulatedLimits.None, o => (o.BaseUrl, o.Models[0].Limits) = (liar.BaseUrl, new() { RequestsPerMinute = 30 }));
        await rig.LoadAsync(TimeSpan.FromMinutes(1), Second, atOnce: 6);

        // Two full buckets and a minute's refill, less a margin.
        Assert.InRange(asked, 112, 120);
    }

    [Fact]
    public async Task Headers_ThatSayNothingIsLeft_SlowDownButDoNotStop()
    {
        await using var liar = await ScriptedUpstream.StartAsync(async context =>
        {
            (context.Response.Headers["x-ratelimit-limit-requests"], context.Response.Headers["x-ratelimit-remaining-requests"], context.Response.Headers["x-ratelimit-reset-requests"]) = ("60", "0", "60s");
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("""{"usage":{"prompt_tokens":20,"completion_tokens":20}}""");
        });
        await using var rig = await PoolRig.StartAsync(1, SimulatedLimits.None, o => o.BaseUrl = liar.BaseUrl);
        var (answered, _) = await rig.LoadAsync(TimeSpan.FromMinutes(1), Second, atOnce: 2);

        Assert.InRange(answered, 25, 64);
    }
}
