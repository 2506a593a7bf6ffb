using HybridRouter.Backends;
using HybridRouter.Quota;
using static HybridRouter.UnitTests.Backends.Cloud.CloudRig;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class CloudAdmissionTests
{
    private static readonly Meter Requests = new("caller/alice/rpm", MeterKind.Bucket, MeterUnit.Requests, 2) { Label = "2 requests per minute of key 'alice'" };
    private static readonly Meter Budget = new("caller/alice/day", MeterKind.Window, MeterUnit.MicroDollars, 100) { Label = "0.0001 dollars per day of key 'alice'" };

    [Fact]
    public async Task Send_Granted_HoldsBothSidesAndSettlesThemOnce()
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { TokensPerMinute = 1000, ConcurrentRequests = 3 });
        var admission = rig.Admission(100, 50, caller: [new(Requests, 1)]);
        await rig.SendAsync(admission);
        Assert.Equal((850, 1), (await rig.RemainingAsync("a", "1000 tokens"), (await rig.KeyAsync("a")).Models[0].InFlight));
        await admission.SettleAsync(new UsedTokens(100, 10));
        await admission.SettleAsync(new UsedTokens(100, 10));

        Assert.Equal((890, 0), (await rig.RemainingAsync("a", "1000 tokens"), (await rig.KeyAsync("a")).Models[0].InFlight));
        Assert.Equal(1, (await rig.Store.ReadAsync([Requests], default))[0].Remaining);
    }

    [Fact]
    public async Task Send_Retries_ChargeTheCallerOnce()
    {
        var answers = new Queue<HttpResponseMessage>([Error(500), Error(500), Ok()]);
        var rig = new CloudRig { Answer = _ => answers.Dequeue() };
        var admission = rig.Admission(caller: [new(Requests, 1)]);
        var sending = rig.SendAsync(admission);
        await TestTime.AdvanceUntilAsync(rig.Time, sending, TimeSpan.FromMilliseconds(100));
        await admission.SettleAsync(default);

        Assert.IsType<BackendReply.Complete>(await sending);
        Assert.Equal("aaa", rig.Asked);
        Assert.InRange((await rig.Store.ReadAsync([Requests], default))[0].Remaining, 1, 1.5);
    }

    [Fact]
    public async Task Send_CallerLimitReached_SaysWhoseAndWhen()
    {
        var rig = new CloudRig();
        IReadOnlyList<Charge> caller = [new(Requests, 1)];
        await rig.SendAsync(rig.Admission(caller: caller));
        await rig.SendAsync(rig.Admission(caller: caller));
        var limited = rig.Admission(caller: caller, wait: 60);
        var failure = await rig.FailAsync(limited);

        Assert.Equal(Requests, limited.CallerRefusal!.RefusedBy);
        Assert.Equal((FailureKind.CallerLimited, 429, "requests", "rate_limit_exceeded"), (failure.Kind, failure.Error.Status, failure.Error.Type, failure.Error.Code));
        Assert.Equal("A limit is reached: 2 requests per minute of key 'alice'. It frees in about 30 s.", failure.Error.Message);
        Assert.Equal(TimeSpan.FromSeconds(30), failure.Error.RetryAfter);
        Assert.Equal("aa", rig.Asked);
    }

    [Fact]
    public async Task Send_CallerBudgetSpent_IsQuotaThatNamesItsTime()
    {
        var rig = new CloudRig();
        await rig.SendAsync(rig.Admission(caller: [new(Budget, 100)]));
        var error = (await rig.FailAsync(rig.Admission(caller: [new(Budget, 1)]))).Error;

        Assert.Equal((429, "insufficient_quota", "insufficient_quota", null), (error.Status, error.Type, error.Code, error.RetryAfter));
        Assert.Contains("frees in about 12 h", error.Message);
    }

    [Fact]
    public async Task Send_LargerThanTheCallersLimit_SaysThatNoWaitHelps()
    {
        var rig = new CloudRig();
        var tokens = new Meter("caller/alice/tpm", MeterKind.Bucket, MeterUnit.Tokens, 100) { Label = "100 tokens per minute of key 'alice'" };
        var error = (await rig.FailAsync(rig.Admission(caller: [new(tokens, 101)]))).Error;

        Assert.Null(error.RetryAfter);
        Assert.Contains("larger than a limit allows: 100 tokens per minute of key 'alice'", error.Message);
    }

    [Fact]
    public async Task Send_AllKeysFull_IsRateLimitedUntilTheFirstFrees()
    {
        var rig = new CloudRig("ab", o =>
        {
            o.Keys[0].Limits = new() { RequestsPerMinute = 1 };
            o.Keys[1].Limits = new() { RequestsPerMinute = 3 };
        });
        for (var i = 0; i < 4; i++)
            await rig.ServeAsync();
        var failure = await rig.FailAsync(rig.Admission(caller: [new(Requests, 1)]));

        Assert.Equal((FailureKind.RateLimited, "rate_limit_exceeded", TimeSpan.FromSeconds(20)), (failure.Kind, failure.Error.Code, failure.Error.RetryAfter));
        Assert.DoesNotContain("'a'", failure.Error.Message);
        Assert.Equal(2, (await rig.Store.ReadAsync([Requests], default))[0].Remaining);
    }

    [Fact]
    public async Task Send_MonthlySpend_IsReservedByPriceAndStopsAtTheBudget()
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { SpendPerMonth = 0.001 });
        var admission = rig.Admission(100, 100, price: Price);
        await rig.SendAsync(admission);
        await admission.SettleAsync(new UsedTokens(100, 50));
        Assert.Equal(850, await rig.RemainingAsync("a", "dollars per month"));
        Assert.Equal(850, rig.Line(MeterUnit.MicroDollars).Remaining);
        for (var i = 0; i < 4; i++)
            await rig.SendAsync(rig.Admission(100, 100, price: Price));
        var failure = await rig.FailAsync(rig.Admission(100, 100, price: Price));

        Assert.Equal((FailureKind.QuotaExhausted, "insufficient_quota"), (failure.Kind, failure.Error.Code));
        Assert.Contains("begins anew in about 22 days", failure.Error.Message);

        static long Price(UsedTokens used) => used.Input + used.Output;
    }

    [Fact]
    public async Task Send_StoreAway_IsServiceUnavailableAndNothingIsSent()
    {
        var rig = new CloudRig(store: new StoreThatIsAway());
        var failure = await rig.FailAsync(rig.Admission());

        Assert.Equal((FailureKind.StoreAway, 503), (failure.Kind, failure.Error.Status));
        Assert.NotNull(failure.Error.RetryAfter);
        Assert.Empty(rig.Asked);
        Assert.True(rig.Status.Available);
    }

    [Fact]
    public async Task Send_CallerLeaves_HeldLeasesAreSettledByTheRequest()
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { TokensPerMinute = 1000 }) { Hold = true };
        using var caller = new CancellationTokenSource();
        var admission = rig.Admission(100, 50);
        var sending = rig.Backend.SendAsync(new BackendRequest(HybridRouter.Wire.WireApi.ChatCompletions, rig.Model, "{}"u8.ToArray(), false) { Admission = admission }, caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal(850, await rig.RemainingAsync("a", "1000 tokens"));
        await admission.SettleAsync(new UsedTokens(100, 0));

        Assert.Equal(900, await rig.RemainingAsync("a", "1000 tokens"));
    }

    [Fact]
    public async Task Send_WithoutAdmission_CountsNothingButHeedsClosedGates()
    {
        var rig = new CloudRig(change: o => (o.MaxRetries, o.Models[0].Limits) = (0, new() { RequestsPerMinute = 1 }));
        for (var i = 0; i < 5; i++)
            Assert.IsType<BackendReply.Complete>(await rig.SendAsync(null));
        rig.Answer = _ => Error(401);
        await rig.FailAsync(null);
        await rig.FailAsync(null);

        Assert.Equal("aaaaaa", rig.Asked);
        Assert.Equal(1, await rig.RemainingAsync("a", "1 requests"));
    }

    [Fact]
    public async Task Send_RetryThatWouldEndAfterTheDeadline_IsNotMade()
    {
        var rig = new CloudRig { Jitter = 0.8, Answer = _ => Error(500) };
        await rig.FailAsync(rig.Admission(deadline: TimeSpan.FromSeconds(0.4)));

        Assert.Equal("a", rig.Asked);
    }

    [Fact]
    public async Task Send_WaitLongerThanItsPatience_IsRefusedAtOnceWithThatWait()
    {
        var rig = new CloudRig { Answer = _ => Status429(headers: ("Retry-After", "5")) };
        var failure = await rig.FailAsync(rig.Admission(wait: 4));

        Assert.Equal((FailureKind.RateLimited, TimeSpan.FromSeconds(5), "slow down"), (failure.Kind, failure.Error.RetryAfter, failure.Error.Message));
        Assert.Equal("a", rig.Asked);
    }

    [Fact]
    public async Task Send_ManyFailures_RetriesStayWithinTheBudget()
    {
        var rig = new CloudRig(change: o => (o.RetryBudgetPercent, o.MaxRetries) = (50, 3)) { Answer = _ => Error(500) };
        for (var i = 0; i < 100; i++)
            await rig.FailAsync(rig.Admission());

        Assert.Equal(150, rig.Asked.Length);
    }

    [Fact]
    public async Task Send_Timeout_IsTriedAgainOnlyWhileTheDeadlineAllows()
    {
        var rig = new CloudRig(change: o => o.FirstByteTimeoutSeconds = 10) { Hold = true };
        var sending = rig.SendAsync(rig.Admission(deadline: TimeSpan.FromSeconds(15)), stream: true);
        await TestTime.AdvanceUntilAsync(rig.Time, sending);

        Assert.Equal(FailureKind.Timeout, Assert.IsType<BackendReply.Failed>(await sending).Failure.Kind);
        Assert.Equal("aa", rig.Asked);
    }
}
