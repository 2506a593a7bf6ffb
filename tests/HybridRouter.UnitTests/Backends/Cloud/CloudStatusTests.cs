using HybridRouter.Backends.Cloud;
using HybridRouter.Quota;
using static HybridRouter.UnitTests.Backends.Cloud.CloudRig;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class CloudStatusTests
{
    [Fact]
    public async Task Status_Quota_IsTheSumOfTheKeysAsItChanges()
    {
        var rig = new CloudRig("ab", o =>
        {
            o.Keys[0].Limits = new() { TokensPerMinute = 1000, RequestsPerDay = 10 };
            o.Keys[1].Limits = new() { TokensPerMinute = 2000, RequestsPerDay = 20 };
        });
        var admission = rig.Admission(600);
        await rig.SendAsync(admission);
        Assert.Equal(new QuotaLine(MeterUnit.Tokens, 2400, 3000, 50, TimeSpan.FromSeconds(18)), rig.Line(MeterUnit.Tokens));
        Assert.Equal((29, 30), (rig.Line(MeterUnit.Requests).Remaining, rig.Line(MeterUnit.Requests).Capacity));
        await admission.SettleAsync(new UsedTokens(300, 0));
        Assert.Equal(2700, rig.Line(MeterUnit.Tokens).Remaining);
        rig.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(2700 + (5 * 2000 / 60.0), rig.Line(MeterUnit.Tokens).Remaining, 2);
    }

    [Fact]
    public async Task Status_KeyOutOfService_IsNotCounted()
    {
        var rig = new CloudRig("ab", o => o.Models[0].Limits = new() { TokensPerMinute = 1000 }) { Answer = key => key == "a" ? Error(401) : Ok() };
        Assert.Equal(2000, rig.Line(MeterUnit.Tokens).Capacity);
        await rig.SendAsync(rig.Admission(100));

        Assert.Equal((900, 1000), (rig.Line(MeterUnit.Tokens).Remaining, rig.Line(MeterUnit.Tokens).Capacity));
    }

    [Fact]
    public void Status_LimitThatOneKeyLacks_DoesNotLimitThePool()
    {
        var rig = new CloudRig("ab", o => o.Keys[0].Limits = new() { TokensPerMinute = 1000 });

        Assert.Empty(rig.Status.Quota!.Lines);
    }

    [Fact]
    public async Task Status_AllKeysOut_SaysWhyAndForHowLong()
    {
        var rig = new CloudRig("ab", o => o.ProbeMinutes = 30) { Answer = key => Error(key == "a" ? 401 : 429, key == "a" ? "x" : "insufficient_quota") };
        await rig.FailAsync(rig.Admission());

        Assert.Equal((false, TimeSpan.FromMinutes(30)), (rig.Status.Available, rig.Status.EstimatedWait));
        rig.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.True(rig.Status.Available);
    }

    [Fact]
    public async Task Status_AllKeysCooling_IsAvailableAfterThatWait()
    {
        var rig = new CloudRig(change: o => o.MaxRetries = 0) { Answer = _ => Status429(headers: ("Retry-After", "12")) };
        await rig.FailAsync(rig.Admission());

        Assert.Equal((true, TimeSpan.FromSeconds(12)), (rig.Status.Available, rig.Status.EstimatedWait));
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(1000, 1, 0)]
    [InlineData(1500, 1, 30)]
    [InlineData(500, 70, 10)]
    public void TimeUntil_TokensAndRequests_IsTheLongerOfTheirWaits(double tokens, int requests, double seconds)
    {
        var limits = new HybridRouter.Configuration.UpstreamLimitOptions { TokensPerMinute = 1000, RequestsPerMinute = 60 };
        var pool = Pool(limits);

        Assert.Equal(seconds, pool.Outlook.TimeUntil(tokens, requests).TotalSeconds, 3);
    }

    [Fact]
    public async Task Keys_Snapshot_HoldsWhatAnOperatorNeedsAndNoSecret()
    {
        var rig = new CloudRig("ab", o => o.Keys[1].Project = "x");
        await rig.SendAsync(rig.Admission(10));
        var keys = await rig.Backend.ReadKeysAsync(CancellationToken.None);

        Assert.Equal([("sky", "a", "sky"), ("sky", "b", "x")], keys.Select(k => (k.Provider, k.Name, k.Project)));
        Assert.Equal((1, 8), (keys[0].Models[0].InFlight, keys[0].Models[0].Window));
        Assert.DoesNotContain("sk-", System.Text.Json.JsonSerializer.Serialize(keys));
    }

    [Fact]
    public async Task Dispose_Pool_StopsListeningToTheStore()
    {
        var store = new StoreThatIsAway();
        var rig = new CloudRig(store: store);
        Assert.Equal(1, store.Listeners);
        await rig.Backend.DisposeAsync();

        Assert.Equal(0, store.Listeners);
    }

    [Fact]
    public async Task Keys_StoreAway_ShowsTheLastView()
    {
        var rig = new CloudRig("ab", store: new StoreThatIsAway());

        Assert.Equal([KeyState.Ready, KeyState.Ready], (await rig.Backend.ReadKeysAsync(CancellationToken.None)).Select(k => k.State));
    }

    private static KeyPool Pool(HybridRouter.Configuration.UpstreamLimitOptions limits)
    {
        var model = new HybridRouter.Configuration.CloudModelOptions { Name = "m", Limits = limits };
        var provider = new HybridRouter.Configuration.CloudProviderOptions { Name = "p", ApiKeys = ["k"], Models = [model] };
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        return new KeyPool(provider, "m", [model], UpstreamKey.Of(provider), new() { MarginPercent = 0 }, new HybridRouter.Quota.Stores.InProcessQuotaStore(time), time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
    }
}
