using HybridRouter.Backends;
using HybridRouter.Backends.Cloud;
using HybridRouter.Quota;
using static HybridRouter.UnitTests.Backends.Cloud.CloudRig;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class KeyFailureTests
{
    [Theory]
    [InlineData(401, KeyState.Refused)]
    [InlineData(402, KeyState.Refused)]
    [InlineData(403, KeyState.Refused)]
    public async Task Refused_Key_IsOutForAllModelsUntilItIsProbed(int status, KeyState state)
    {
        var rig = new CloudRig("ab", o => o.Models.Add(new() { Name = "other" })) { Answer = key => key == "a" ? Error(status) : Ok() };
        Assert.IsType<BackendReply.Complete>(await rig.ServeAsync());
        Assert.Equal("ab", rig.Asked);
        for (var i = 0; i < 3; i++)
            await rig.ServeAsync();
        Assert.Equal("abbbb", rig.Asked);

        var key = await rig.KeyAsync("a");
        Assert.Equal((state, TimeSpan.FromMinutes(10)), (key.State, key.ClosedFor));
        Assert.Equal(["m", "other"], key.Models.Select(m => m.Model));
        Assert.True(rig.Status.Available);
    }

    [Fact]
    public async Task Refused_KeyAfterTheProbeTime_IsTriedByOneRequestAtATime()
    {
        var rig = new CloudRig { Answer = _ => Error(401) };
        await rig.FailAsync(rig.Admission());
        Assert.False(rig.Status.Available);
        rig.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(KeyState.OnProbation, (await rig.KeyAsync("a")).State);
        rig.Hold = true;
        var probe = rig.SendAsync(rig.Admission());
        Assert.Equal(FailureKind.RateLimited, (await rig.FailAsync(rig.Admission())).Kind);
        Assert.Equal("aa", rig.Asked);

        // Still refused: out for another while.
        rig.LetGo();
        await probe;
        Assert.False(rig.Status.Available);
        rig.Time.Advance(TimeSpan.FromMinutes(10));
        rig.Answer = _ => Ok();
        probe = rig.SendAsync(rig.Admission());
        rig.LetGo();
        await probe;
        rig.Hold = false;
        Assert.Equal(KeyState.Ready, (await rig.KeyAsync("a")).State);
        await Task.WhenAll(rig.SendAsync(rig.Admission()), rig.SendAsync(rig.Admission()));
        Assert.Equal("aaaaa", rig.Asked);
    }

    [Fact]
    public async Task Refused_KeyReleasedByAnOperator_IsBackAtOnce()
    {
        var rig = new CloudRig { Answer = _ => Error(403) };
        await rig.FailAsync(rig.Admission());
        rig.Answer = _ => Ok();

        Assert.False(await rig.Backend.ReleaseKeyAsync("nobody"));
        Assert.True(await rig.Backend.ReleaseKeyAsync("A"));
        Assert.Equal(KeyState.Ready, (await rig.KeyAsync("a")).State);
        Assert.True(rig.Status.Available);
        Assert.IsType<BackendReply.Complete>(await rig.SendAsync(rig.Admission()));
    }

    [Fact]
    public async Task Refused_ElsewhereAmongReplicas_IsOutHereAndThenOnProbation()
    {
        var rig = new CloudRig { Answer = _ => Error(401) };
        var replica = new CloudRig(store: rig.Store);
        await rig.FailAsync(rig.Admission());

        Assert.Equal("'sky' refused its credentials", replica.Status.Reason);
        Assert.Equal(FailureKind.Unauthorized, (await replica.FailAsync(replica.Admission())).Kind);
        Assert.Empty(replica.Asked);
        rig.Time.Advance(TimeSpan.FromMinutes(10));
        replica.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(KeyState.OnProbation, (await replica.KeyAsync("a")).State);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task QuotaSpent_Key_IsOutAndAnotherServesAtOnce(int status)
    {
        var rig = new CloudRig("ab", o => o.MaxRetries = 0) { Answer = key => key == "a" ? Error(status, "insufficient_quota") : Ok() };

        Assert.IsType<BackendReply.Complete>(await rig.ServeAsync());
        Assert.Equal("ab", rig.Asked);
        Assert.Equal(KeyState.Spent, (await rig.KeyAsync("a")).State);
    }

    [Fact]
    public async Task RateLimited_Key_RestsForThatModelExactlyAsLongAsItWasTold()
    {
        var rig = new CloudRig("ab", o => { o.MaxRetries = 0; o.Models.Add(new() { Name = "other" }); }) { Answer = key => key == "a" ? Status429(headers: ("Retry-After", "7")) : Ok() };
        await rig.ServeAsync();
        rig.Answer = _ => Ok();
        rig.Time.Advance(TimeSpan.FromSeconds(6.999));
        await rig.ServeAsync();
        await rig.ServeAsync();
        Assert.Equal("abb", rig.Asked);
        Assert.Equal([KeyState.Cooling, KeyState.Ready], (await rig.KeyAsync("a")).Models.Select(m => m.State));
        rig.Time.Advance(TimeSpan.FromSeconds(0.002));
        await rig.ServeAsync();
        await rig.ServeAsync();

        Assert.Contains("a", rig.Asked[3..]);
    }

    [Theory]
    [InlineData("tokens", 20)]
    [InlineData("requests", 9)]
    public async Task RateLimited_NotTold_RestsUntilTheLimitResets(string type, double seconds)
    {
        var rig = new CloudRig(change: o => o.MaxRetries = 0) { Answer = _ => Status429(type, [.. Limit("requests", 100, 85, "9s"), .. Limit("tokens", 1000, 100, "20s")]) };
        var failure = await rig.FailAsync(rig.Admission(input: 200));

        Assert.Equal(TimeSpan.FromSeconds(seconds), failure.Error.RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(seconds), (await rig.KeyAsync("a")).Models[0].ClosedFor);
    }

    [Fact]
    public async Task RateLimited_NothingTold_RestsLongerEachTime()
    {
        var rig = new CloudRig(change: o => o.MaxRetries = 0) { Answer = _ => Status429() };
        var waits = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            waits.Add((await rig.FailAsync(rig.Admission())).Error.RetryAfter!.Value.TotalSeconds);
            rig.Time.Advance(TimeSpan.FromSeconds(waits[^1]));
        }

        Assert.Equal([1, 2, 4, 8, 8], waits);
    }

    [Fact]
    public async Task RateLimited_Bucket_GoesOnFromEmptySoThatNoBurstFollows()
    {
        var rig = new CloudRig(change: o => (o.MaxRetries, o.Models[0].Limits) = (0, new() { RequestsPerMinute = 60, TokensPerMinute = 6000 })) { Answer = _ => Status429(headers: ("Retry-After", "3")) };
        await rig.FailAsync(rig.Admission(input: 100));
        rig.Answer = _ => Ok();
        rig.Time.Advance(TimeSpan.FromSeconds(3));

        for (var i = 0; i < 3; i++)
            Assert.IsType<BackendReply.Complete>(await rig.ServeAsync(input: 1));
        Assert.Equal(FailureKind.RateLimited, (await rig.FailAsync(rig.Admission())).Kind);
        Assert.Equal(6000 - 3, await rig.RemainingAsync("a", "6000 tokens"), 3);
    }

    [Fact]
    public async Task RateLimited_WithoutANamedLimit_EmptiesBoth()
    {
        var rig = new CloudRig(change: o => (o.MaxRetries, o.Models[0].Limits) = (0, new() { RequestsPerMinute = 60, TokensPerMinute = 6000 })) { Answer = _ => Error(429, "unknown") };
        await rig.FailAsync(rig.Admission(input: 100));

        Assert.Equal((0, 0), (await rig.RemainingAsync("a", "60 requests"), await rig.RemainingAsync("a", "6000 tokens")));
    }

    [Fact]
    public async Task RateLimited_HeadersSayWhatIsLeft_TheyHold()
    {
        var rig = new CloudRig(change: o => (o.MaxRetries, o.Models[0].Limits) = (0, new() { RequestsPerMinute = 60, TokensPerMinute = 6000 }))
        {
            Answer = _ => Status429("tokens", [.. Limit("requests", 60, 40, "20s"), .. Limit("tokens", 6000, 50, "59.5s")]),
        };
        await rig.FailAsync(rig.Admission(input: 100));

        Assert.Equal((40, 50), (await rig.RemainingAsync("a", "60 requests"), await rig.RemainingAsync("a", "6000 tokens")));
    }

    [Fact]
    public async Task RateLimited_Reservation_IsGivenBackAsTheUpstreamCountedNothing()
    {
        var rig = new CloudRig(change: o => (o.MaxRetries, o.Models[0].Limits) = (0, new() { RequestsPerMinute = 60, TokensPerMinute = 6000, RequestsPerDay = 1000, ConcurrentRequests = 5 }));
        rig.Answer = _ => Status429("requests", ("Retry-After", "1"));
        await rig.FailAsync(rig.Admission(input: 100));

        Assert.Equal((0, 6000, 1000), (await rig.RemainingAsync("a", "60 requests"), await rig.RemainingAsync("a", "6000 tokens"), await rig.RemainingAsync("a", "1000 requests")));
        Assert.Equal(0, (await rig.KeyAsync("a")).Models[0].InFlight);
    }

    [Fact]
    public async Task RateLimited_Recovery_BeginsWithOneRequestAndGrows()
    {
        var rig = new CloudRig(change: o => (o.MaxRetries, o.Models[0].Limits) = (0, new() { TokensPerMinute = 100_000 })) { Answer = _ => Status429("tokens", ("Retry-After", "1")) };
        await rig.FailAsync(rig.Admission());
        (rig.Answer, rig.Hold) = (_ => Ok(), true);
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        var started = 0;
        for (var window = 1; window <= 8; window *= 2)
        {
            var admissions = Enumerable.Range(0, 20).Select(_ => rig.Admission()).ToList();
            var sent = admissions.Select(a => rig.SendAsync(a)).ToList();
            Assert.Equal(window, rig.Asked.Length - 1 - started);
            started += window;
            // One success doubles it; the others of the round end without saying anything.
            for (var i = 0; i < window; i++)
            {
                rig.Answer = _ => i == 0 ? Ok() : Error(400);
                rig.LetGo();
                await sent[i];
                await admissions[i].SettleAsync(default);
            }
        }
    }

    [Fact]
    public async Task NewKey_OfWhichNothingIsKnown_GetsFewRequestsAtFirst()
    {
        var rig = new CloudRig { Hold = true };
        var sent = Enumerable.Range(0, 10).Select(_ => rig.SendAsync(rig.Admission())).ToList();
        Assert.Equal("aaaa", rig.Asked);
        rig.LetGo();
        await sent[0];
        sent.AddRange(Enumerable.Range(0, 10).Select(_ => rig.SendAsync(rig.Admission())));

        Assert.Equal(8, rig.Asked.Length);
    }

    [Fact]
    public async Task ServerError_Key_CountsARequestAndNoTokens()
    {
        var rig = new CloudRig(change: o => (o.MaxRetries, o.Models[0].Limits) = (0, new() { RequestsPerMinute = 60, TokensPerMinute = 6000 })) { Answer = _ => Error(500) };
        await rig.FailAsync(rig.Admission(input: 100));

        Assert.Equal((59, 6000), (await rig.RemainingAsync("a", "60 requests"), await rig.RemainingAsync("a", "6000 tokens")));
    }

    [Fact]
    public async Task ServerError_WithAWait_KeepsOtherRequestsAwayToo()
    {
        var rig = new CloudRig(change: o => o.MaxRetries = 0) { Answer = _ => Error(503, headers: ("Retry-After", "5")) };
        Assert.Equal((FailureKind.ServerError, 503), ((await rig.FailAsync(rig.Admission())) is var f ? (f.Kind, f.Error.Status) : default));
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        var next = await rig.FailAsync(rig.Admission());

        Assert.Equal((FailureKind.RateLimited, TimeSpan.FromSeconds(4)), (next.Kind, next.Error.RetryAfter));
        Assert.Equal("a", rig.Asked);
    }

    [Fact]
    public async Task NotReached_Upstream_CountsNothing()
    {
        var rig = new CloudRig(change: o => (o.MaxRetries, o.Models[0].Limits) = (0, new() { RequestsPerMinute = 60 })) { Answer = _ => throw new HttpRequestException(HttpRequestError.ConnectionError) };
        Assert.Equal(FailureKind.Unreachable, (await rig.FailAsync(rig.Admission())).Kind);

        Assert.Equal(60, await rig.RemainingAsync("a", "60 requests"));
    }

    [Fact]
    public async Task Broken_AfterItWasSent_CountsTheInput()
    {
        var rig = new CloudRig(change: o => (o.MaxRetries, o.Models[0].Limits) = (0, new() { RequestsPerMinute = 60, TokensPerMinute = 6000 })) { Answer = _ => HybridRouter.UnitTests.Local.StubHandler.Json("half") };
        Assert.Equal(FailureKind.BadReply, (await rig.FailAsync(rig.Admission(input: 100, output: 1000))).Kind);

        Assert.Equal((59, 5900), (await rig.RemainingAsync("a", "60 requests"), await rig.RemainingAsync("a", "6000 tokens")));
    }

    [Fact]
    public async Task Rejected_Request_ClosesNothing()
    {
        var rig = new CloudRig { Answer = _ => Error(400, "invalid_request_error") };
        Assert.Equal(FailureKind.Rejected, (await rig.FailAsync(rig.Admission())).Kind);

        Assert.Equal(KeyState.Ready, (await rig.KeyAsync("a")).Models[0].State);
    }
}
