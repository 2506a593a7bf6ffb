using HybridRouter.Backends;
using HybridRouter.Quota;
using static HybridRouter.UnitTests.Backends.Cloud.CloudRig;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class LimitLearningTests
{
    [Fact]
    public async Task Headers_OfAnUnknownKey_BecomeItsLimits()
    {
        var rig = new CloudRig { Answer = _ => Ok([.. Limit("requests", 500, 499, "120ms"), .. Limit("tokens", 30_000, 29_000, "2s"), .. Limit("project-tokens", 90_000, 80_000, "7s")]) };
        Assert.Empty(rig.Status.Quota!.Lines);
        await rig.ServeAsync(input: 1000);

        var key = await rig.KeyAsync("a");
        Assert.Equal(
            ["500 requests per minute of key 'a' for 'm'", "30000 tokens per minute of key 'a' for 'm'", "90000 tokens per minute of project 'sky' for 'm'"],
            key.Models[0].Meters.Select(m => m.Meter.Label));
        Assert.Equal([499, 29_000, 80_000], key.Models[0].Meters.Select(m => m.Reading.Remaining));
    }

    [Fact]
    public async Task Headers_OfRequestsThatLeftBeforeTheLimitWasKnown_LowerIt()
    {
        var left = new Queue<long>([900, 500]);
        var rig = new CloudRig { Hold = true, Answer = _ => Ok(Limit("tokens", 1000, left.Dequeue(), "6s")) };
        var (first, second) = (rig.SendAsync(rig.Admission(100)), rig.SendAsync(rig.Admission(400)));
        rig.LetGo();
        await first;
        Assert.Equal(900, await rig.RemainingAsync("a", "1000 tokens"));
        rig.LetGo();
        await second;

        Assert.Equal(500, await rig.RemainingAsync("a", "1000 tokens"));
    }

    [Fact]
    public async Task Headers_OfADay_AreNotTakenForAMinute()
    {
        var rig = new CloudRig { Answer = _ => Ok(Limit("requests", 200, 199, "7m12s")) };
        await rig.ServeAsync();

        Assert.Equal(199, await rig.RemainingAsync("a", "200 requests per day"));
    }

    [Fact]
    public async Task Limits_Learned_AreKeptWithoutAnyRefusalUpstream()
    {
        var used = 0;
        var rig = new CloudRig { Answer = _ => Ok(Limit("requests", 3, 3 - ++used, "20s")) };
        for (var i = 0; i < 3; i++)
            Assert.IsType<BackendReply.Complete>(await rig.ServeAsync());

        var refused = await rig.FailAsync(rig.Admission());
        Assert.Equal((FailureKind.RateLimited, TimeSpan.FromSeconds(20)), (refused.Kind, refused.Error.RetryAfter));
        Assert.Equal("aaa", rig.Asked);
    }

    [Theory]
    [InlineData(100, 1000, 990, 99)]
    [InlineData(100, 1000, 5, 5)]
    [InlineData(1000, 100, 90, 90)]
    [InlineData(100, 100, 90, 90)]
    public async Task Headers_BesideAConfiguredLimit_TheStricterHolds(long configured, long told, long remaining, double left)
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { RequestsPerMinute = configured }) { Answer = _ => Ok(Limit("requests", told, remaining)) };
        await rig.ServeAsync();

        Assert.Equal(left, await rig.RemainingAsync("a", $"{Math.Min(configured, told)} requests"), 6);
    }

    [Theory]
    [InlineData("-1", "-1")]
    [InlineData("0", "0")]
    [InlineData("-1", "0")]
    [InlineData("nonsense", "0")]
    public async Task Headers_ThatSayNothing_ChangeNothing(string limit, string remaining)
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { TokensPerMinute = 1000 }) { Answer = _ => Ok(("x-ratelimit-limit-tokens", limit), ("x-ratelimit-remaining-tokens", remaining)) };
        await rig.ServeAsync(input: 100);

        Assert.Equal(900, await rig.RemainingAsync("a", "1000 tokens"));
    }

    [Fact]
    public async Task Headers_NothingLeft_IsAStatement()
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { TokensPerMinute = 1000 }) { Answer = _ => Ok(Limit("tokens", 1000, 0)) };
        await rig.ServeAsync(input: 100);

        Assert.Equal(0, await rig.RemainingAsync("a", "1000 tokens"));
        Assert.Equal(FailureKind.RateLimited, (await rig.FailAsync(rig.Admission(input: 100))).Kind);
    }

    [Fact]
    public async Task Headers_Margin_IsKeptFree()
    {
        var rig = new CloudRig(quota: q => q.MarginPercent = 10) { Answer = _ => Ok(Limit("tokens", 1000, 900, "6s")) };
        await rig.ServeAsync(input: 100);

        Assert.Equal(800, await rig.RemainingAsync("a", "1000 tokens"));
        Assert.Equal(900, rig.Line(MeterUnit.Tokens).Capacity);
    }

    [Fact]
    public async Task Headers_OfALateAnswer_DoNotUndoWhatIsInFlight()
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { TokensPerMinute = 1000 }) { Hold = true, Answer = _ => Ok(Limit("tokens", 1000, 900, "6s")) };
        var first = rig.SendAsync(rig.Admission(input: 100));
        var others = new[] { rig.SendAsync(rig.Admission(input: 300)), rig.SendAsync(rig.Admission(input: 300)) };
        rig.LetGo();
        await first;

        Assert.Equal(300, await rig.RemainingAsync("a", "1000 tokens"));
        Assert.Equal(2, others.Count(t => !t.IsCompleted));
    }

    [Fact]
    public async Task Headers_AfterAnotherGaveBack_DoNotGiveItBackTwice()
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { TokensPerMinute = 1000 }) { Hold = true };
        var early = rig.Admission(input: 600);
        var first = rig.SendAsync(early);
        rig.LetGo();
        await first;
        var second = rig.SendAsync(rig.Admission(input: 100));
        // The upstream had the first one's tokens back before it counted the second request, whose headers come now.
        await early.SettleAsync(default);
        rig.Answer = _ => Ok(Limit("tokens", 1000, 900, "6s"));
        rig.LetGo();
        await second;

        Assert.Equal(900, await rig.RemainingAsync("a", "1000 tokens"));
    }

    [Fact]
    public async Task Headers_OfAnUpstreamThatCountsLess_RaiseTheLevel()
    {
        var rig = new CloudRig { Answer = _ => Ok(Limit("tokens", 1000, 990, "1s")) };
        await rig.ServeAsync(input: 10);
        await rig.ServeAsync(input: 500);

        Assert.Equal(990, await rig.RemainingAsync("a", "1000 tokens"));
    }

    [Fact]
    public async Task Headers_WithReplicas_OnlyForgiveADebt()
    {
        var rig = new CloudRig(store: new TwoReplicas()) { Answer = _ => Ok(Limit("tokens", 1000, 990, "1s")) };
        await rig.ServeAsync(input: 10);
        await rig.ServeAsync(input: 500);
        Assert.Equal(490, await rig.RemainingAsync("a", "1000 tokens"));
        rig.Hold = true;
        var underWay = rig.SendAsync(rig.Admission(input: 1));
        rig.Hold = false;
        var owing = rig.Admission(input: 480);
        await rig.SendAsync(owing);
        await owing.SettleAsync(new UsedTokens(900, 0));
        Assert.Equal(-411, await rig.RemainingAsync("a", "1000 tokens"));
        rig.LetGo();
        await underWay;

        Assert.Equal(0, await rig.RemainingAsync("a", "1000 tokens"));
    }

    [Fact]
    public async Task Headers_ThatLie_HoldOnlyUntilTheNextOnes()
    {
        var rig = new CloudRig { Answer = _ => Ok(Limit("requests", 1, 0, "60s")) };
        await rig.ServeAsync();
        Assert.Equal(FailureKind.RateLimited, (await rig.FailAsync(rig.Admission())).Kind);
        rig.Time.Advance(TimeSpan.FromSeconds(60));
        rig.Answer = _ => Ok(Limit("requests", 1000, 999, "60ms"));
        await rig.ServeAsync();

        for (var i = 0; i < 20; i++)
            Assert.IsType<BackendReply.Complete>(await rig.ServeAsync());
    }

    [Fact]
    public async Task Headers_ProjectTokens_AreSharedByItsKeysOnly()
    {
        var left = new Queue<long>([400, 300, 10]);
        var rig = new CloudRig("abc", o => (o.Strategy, o.Keys[0].Project, o.Keys[1].Project) = (HybridRouter.Configuration.KeyStrategy.RoundRobin, "x", "x"))
        {
            Answer = key => Ok(key == "c" ? [] : Limit("project-tokens", 1000, left.Dequeue(), "42s")),
        };
        await rig.ServeAsync(input: 100);
        await rig.ServeAsync(input: 100);
        await rig.ServeAsync(input: 100);
        for (var i = 0; i < 3; i++)
            await rig.ServeAsync(input: 290);

        Assert.Equal("abcacc", rig.Asked);
    }

    [Fact]
    public async Task Headers_OfAFailure_CountToo()
    {
        var rig = new CloudRig(change: o => o.MaxRetries = 0) { Answer = _ => Error(500, headers: Limit("tokens", 1000, 300, "42s")) };
        await rig.FailAsync(rig.Admission(input: 10));

        Assert.Equal(300, await rig.RemainingAsync("a", "1000 tokens"));
    }

    [Fact]
    public async Task Utilisation_WithKnownLimit_IsWhatIsLeft()
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { TokensPerMinute = 1000 }) { Answer = _ => Ok(("azure-openai-deployment-utilization", "85%")) };
        await rig.ServeAsync(input: 10);

        Assert.Equal(150, await rig.RemainingAsync("a", "1000 tokens"), 6);
    }

    [Fact]
    public async Task Utilisation_FullWithoutKnownLimit_RestsForAMoment()
    {
        var rig = new CloudRig { Answer = _ => Ok(("azure-openai-deployment-utilization", "100%")) };
        await rig.ServeAsync(input: 10);
        Assert.Equal(FailureKind.RateLimited, (await rig.FailAsync(rig.Admission(input: 10))).Kind);
        rig.Time.Advance(TimeSpan.FromMilliseconds(500));

        Assert.IsType<BackendReply.Complete>(await rig.ServeAsync(input: 10));
    }

    [Theory]
    [InlineData(10, 4096, null, 100.0)]
    [InlineData(10, 50, 4096L, 100.0)]
    [InlineData(10, 20, null, 30.0)]
    [InlineData(10, 20, 40L, 50.0)]
    public async Task Reservation_Tokens_AreInputAndOutputButNeverMoreThanTheLimit(long input, long output, long? most, double reserved)
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { TokensPerMinute = 100 });

        Assert.IsType<BackendReply.Complete>(await rig.SendAsync(rig.Admission(input, output, most)));
        Assert.Equal(100 - reserved, await rig.RemainingAsync("a", "100 tokens"));
    }

    [Fact]
    public async Task Reservation_ProviderThatCountsOnlyRealOutput_TakesTheEstimate()
    {
        var rig = new CloudRig(change: o => (o.CountsMaximumOutput, o.Models[0].Limits) = (false, new() { TokensPerMinute = 100 }));
        await rig.SendAsync(rig.Admission(10, 20, 40));

        Assert.Equal(70, await rig.RemainingAsync("a", "100 tokens"));
    }

    [Fact]
    public async Task Reservation_WeightedOutput_CountsThatManyTimes()
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { TokensPerMinute = 100 });
        var admission = rig.Admission(10, 20, outputWeight: 2.5);
        await rig.SendAsync(admission);
        Assert.Equal(40, await rig.RemainingAsync("a", "100 tokens"));
        await admission.SettleAsync(new UsedTokens(10, 4));

        Assert.Equal(80, await rig.RemainingAsync("a", "100 tokens"));
    }

    [Fact]
    public async Task Reservation_InputLargerThanTheLimit_IsRefusedForGood()
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = new() { TokensPerMinute = 100 });
        var failure = await rig.FailAsync(rig.Admission(101, 1));

        Assert.Equal((FailureKind.RateLimited, "tokens", null), (failure.Kind, failure.Error.Type, failure.Error.RetryAfter));
        Assert.Contains("Shorten its input", failure.Error.Message);
        Assert.Empty(rig.Asked);
    }

    /// <summary>A store that says it is shared.</summary>
    private sealed class TwoReplicas : IQuotaStore
    {
        private readonly Microsoft.Extensions.Time.Testing.FakeTimeProvider _time = new();
        private readonly HybridRouter.Quota.Stores.InProcessQuotaStore _inner;

        public TwoReplicas() => _inner = new(_time);

        public event Action? Freed
        {
            add => _inner.Freed += value;
            remove => _inner.Freed -= value;
        }

        public bool IsShared => true;

        public int Replicas => 2;

        public ValueTask<QuotaVerdict> ReserveAsync(QuotaClaim claim, CancellationToken cancellationToken) => _inner.ReserveAsync(claim, cancellationToken);

        public ValueTask SettleAsync(QuotaLease lease, IReadOnlyList<long> used) => _inner.SettleAsync(lease, used);

        public ValueTask CorrectAsync(QuotaLease lease, UpstreamStatement statement) => _inner.CorrectAsync(lease, statement);

        public ValueTask CloseAsync(Meter gate, TimeSpan duration) => _inner.CloseAsync(gate, duration);

        public ValueTask OpenAsync(Meter gate) => _inner.OpenAsync(gate);

        public ValueTask<IReadOnlyList<MeterReading>> ReadAsync(IReadOnlyList<Meter> meters, CancellationToken cancellationToken) => _inner.ReadAsync(meters, cancellationToken);

        public ValueTask DisposeAsync() => _inner.DisposeAsync();
    }
}
