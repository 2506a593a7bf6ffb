using System.Diagnostics;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Quota;
using HybridRouter.Quota.Redis;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>The server goes away under the stores, and comes back. Each test has its own server.</summary>
public abstract class QuotaOutageTests(QuotaServer server) : IAsyncLifetime
{
    private readonly StoreRig _rig = new(server);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await server.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        await server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Away_Money_IsRefusedAndOtherOptionsServe()
    {
        var store = await _rig.AddAsync();
        var money = new Meter("money", MeterKind.Window, MeterUnit.MicroDollars, 1_000_000) { FailsClosed = true };
        var slots = StoreRig.Slots("slots", 8);
        Assert.True((await store.ReserveAsync(StoreRig.Claim(new Charge(money, 1)), Cancel)).Granted);
        await server.KillAsync();

        var refused = await store.ReserveAsync(StoreRig.Claim(new(slots, 1), new(money, 1)), Cancel);
        var noOption = await store.ReserveAsync(new QuotaClaim { Options = [[new(money, 1)]] }, Cancel);
        var granted = await store.ReserveAsync(new QuotaClaim { Common = [new(slots, 1)], Options = [[new(money, 1)], [new(StoreRig.Slots("free", 8), 1)]], Preferred = 0 }, Cancel);

        Assert.Equal((QuotaRefusal.StoreAway, QuotaRefusal.StoreAway), (refused.Refusal, noOption.Refusal));
        Assert.Same(money, refused.RefusedBy);
        Assert.True(refused.Wait > TimeSpan.Zero);
        Assert.Equal((QuotaRefusal.None, 1), (granted.Refusal, granted.OptionIndex));
        Assert.Equal("slots", Assert.Single(granted.Common!.Charges).Meter.Id);
        Assert.Equal(slots, granted.Common.Charges[0].Meter);
    }

    [Fact]
    public async Task Away_ThreeStoresOfAThird_GrantNoMoreThanWasLeft()
    {
        RedisQuotaStore[] stores = [await _rig.AddAsync(share: 1 / 3.0), await _rig.AddAsync(share: 1 / 3.0), await _rig.AddAsync(share: 1 / 3.0)];
        var (bucket, window, slots) = (StoreRig.Still("b", 900), new Meter("w", MeterKind.Window, MeterUnit.Tokens, 900), StoreRig.Slots("s", 30));
        foreach (var store in stores)
            Assert.True((await store.ReserveAsync(StoreRig.Claim(new(bucket, 100), new(window, 200)), Cancel)).Granted);
        foreach (var store in stores)
            await store.ReadAsync([bucket, window, slots], Cancel);
        await server.KillAsync();

        Assert.Equal(600, await GrantedAsync(stores, bucket));
        Assert.Equal(300, await GrantedAsync(stores, window));
        Assert.Equal(30, await GrantedAsync(stores, slots));
    }

    [Fact]
    public async Task Away_BucketNeverRead_BeginsEmptyAndRefillsByItsShare()
    {
        var time = new FakeTimeProvider();
        var store = await _rig.AddAsync(own: time);
        var bucket = StoreRig.Bucket("b", 120);
        await server.KillAsync();

        var refused = await store.ReserveAsync(StoreRig.Claim(new Charge(bucket, 5)), Cancel);

        // A quarter of two a second.
        Assert.Same(bucket, refused.RefusedBy);
        Assert.Equal(10, refused.Wait!.Value.TotalSeconds, 0.01);
        time.Advance(refused.Wait.Value);
        Assert.True((await store.ReserveAsync(StoreRig.Claim(new Charge(bucket, 5)), Cancel)).Granted);
        Assert.False((await store.ReserveAsync(StoreRig.Claim(new Charge(bucket, 1)), Cancel)).Granted);
    }

    [Fact]
    public async Task Away_BucketReadLongAgo_BeginsEmpty()
    {
        var time = new FakeTimeProvider();
        var store = await _rig.AddAsync(own: time);
        var bucket = StoreRig.Bucket("b", 120, TimeSpan.FromDays(1));
        await store.ReadAsync([bucket], Cancel);
        time.Advance(TimeSpan.FromHours(3));
        await server.KillAsync();

        Assert.False((await store.ReserveAsync(StoreRig.Claim(new Charge(bucket, 1)), Cancel)).Granted);
    }

    [Fact]
    public async Task Away_MoreThanTheShareButNotThanTheLimit_IsToldToComeBack()
    {
        var store = await _rig.AddAsync();
        var bucket = StoreRig.Bucket("b", 100);
        await store.ReadAsync([bucket], Cancel);
        await server.KillAsync();

        Assert.True((await store.ReserveAsync(StoreRig.Claim(new Charge(bucket, 60)), Cancel)).Wait > TimeSpan.Zero);
        Assert.Null((await store.ReserveAsync(StoreRig.Claim(new Charge(bucket, 101)), Cancel)).Wait);
    }

    [Fact]
    public async Task Away_SlotsInUseSinceBefore_CountUntilTheyAreFree()
    {
        var store = await _rig.AddAsync(share: 0.5);
        var slots = StoreRig.Slots("s", 8);
        var leases = new List<QuotaLease>();
        for (var i = 0; i < 6; i++)
            leases.Add((await store.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel)).Common!);
        await server.KillAsync();

        Assert.Equal(0, await GrantedAsync([store], slots));
        await store.SettleAsync(leases[0], [0]);
        await store.SettleAsync(leases[1], [0]);
        Assert.Equal(0, await GrantedAsync([store], slots));
        await store.SettleAsync(leases[2], [0]);
        Assert.Equal(1, await GrantedAsync([store], slots));
    }

    [Fact]
    public async Task Away_GateClosedBefore_StaysClosed()
    {
        var store = await _rig.AddAsync();
        var gate = new Meter("g", MeterKind.Gate, MeterUnit.Requests, 0);
        await store.CloseAsync(gate, TimeSpan.FromHours(1));
        await server.KillAsync();

        Assert.Same(gate, (await store.ReserveAsync(StoreRig.Claim(new Charge(gate, 0)), Cancel)).RefusedBy);
        await store.OpenAsync(gate);
        Assert.True((await store.ReserveAsync(StoreRig.Claim(new Charge(gate, 0)), Cancel)).Granted);
        await store.CloseAsync(gate, TimeSpan.FromHours(1));
        Assert.False((await store.ReserveAsync(StoreRig.Claim(new Charge(gate, 0)), Cancel)).Granted);
    }

    [Fact]
    public async Task Frozen_OneAnswerMissing_NoOtherRequestWaits()
    {
        var time = new FakeTimeProvider();
        var store = await _rig.AddAsync(own: time, timeout: TimeSpan.FromSeconds(1));
        var slots = StoreRig.Slots("s", 800);
        await server.FreezeAsync();
        var first = store.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel);
        Assert.False(first.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await first).Granted);

        // The clock stands still, so whatever waited for an answer would wait for ever.
        for (var i = 0; i < 100; i++)
            Assert.True((await store.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel)).Granted);
        await server.ThawAsync();
    }

    [Fact]
    public async Task Frozen_SettlementWithoutAnswer_IsSentAgainAndCountsOnce()
    {
        var store = await _rig.AddAsync(timeout: TimeSpan.FromSeconds(2));
        var (bucket, slots) = (StoreRig.Still("b", 1000), StoreRig.Slots("s", 5));
        var leases = new List<QuotaLease>();
        for (var i = 0; i < 5; i++)
            leases.Add((await store.ReserveAsync(StoreRig.Claim(new(bucket, 100), new(slots, 1)), Cancel)).Common!);
        // The server must know the script, or what is sent while it is frozen is not executed.
        await store.SettleAsync(leases[0], [120, 0]);
        await store.FlushAsync();
        leases.RemoveAt(0);
        await server.FreezeAsync();

        // The first is on its way when the answers stop, the others are kept.
        foreach (var lease in leases)
            await store.SettleAsync(lease, [120, 0]);
        await Eventually.TrueAsync(() => _rig.Logs.Text.Contains("is away", StringComparison.Ordinal), "the store counts as away");
        await server.ThawAsync();

        await BackAsync();
        Assert.Equal([400, 5], (await store.ReadAsync([bucket, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Frozen_ReservationWithoutAnswer_IsGivenBack()
    {
        var store = await _rig.AddAsync(timeout: TimeSpan.FromSeconds(2));
        var (bucket, slots) = (StoreRig.Still("b", 1000), StoreRig.Slots("s", 5));
        // The server must know the script, or what is sent while it is frozen is not executed.
        await store.ReserveAsync(StoreRig.Claim(new Charge(slots, 0)), Cancel);
        await server.FreezeAsync();
        using var cancelled = new CancellationTokenSource();
        var given = store.ReserveAsync(StoreRig.Claim(new(bucket, 500), new(slots, 1)), cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await given);
        var late = await store.ReserveAsync(StoreRig.Claim(new(bucket, 500), new(slots, 2)), Cancel);
        Assert.False(late.Granted);
        await server.ThawAsync();

        await BackAsync();
        Assert.Equal([1000, 5], (await store.ReadAsync([bucket, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Frozen_UsedMeanwhile_IsChargedWhenItIsBack()
    {
        var store = await _rig.AddAsync(timeout: TimeSpan.FromSeconds(2), share: 0.5);
        var (window, slots) = (new Meter("w", MeterKind.Window, MeterUnit.Tokens, 1000), StoreRig.Slots("s", 10));
        await store.ReadAsync([window, slots], Cancel);
        await server.FreezeAsync();
        var ended = (await store.ReserveAsync(StoreRig.Claim(new(window, 100), new(slots, 1)), Cancel)).Common!;
        var open = (await store.ReserveAsync(StoreRig.Claim(new(window, 200), new(slots, 2)), Cancel)).Common!;
        await store.SettleAsync(ended, [60, 0]);
        await server.ThawAsync();

        await BackAsync();
        Assert.Equal([740, 8], (await store.ReadAsync([window, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
        await store.SettleAsync(open, [50, 0]);
        await store.FlushAsync();
        Assert.Equal([890, 10], (await store.ReadAsync([window, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Restarted_EverythingLost_OpenLeasesAreHeldAgainAndUseIsCharged()
    {
        var store = await _rig.AddAsync();
        var (bucket, slots) = (StoreRig.Still("b", 1000), StoreRig.Slots("s", 5));
        var claim = StoreRig.Claim(new(bucket, 300), new(slots, 1));
        var (ended, open) = ((await store.ReserveAsync(claim, Cancel)).Common!, (await store.ReserveAsync(claim, Cancel)).Common!);
        await server.KillAsync();
        await store.SettleAsync(ended, [200, 0]);
        await server.StartAsync();

        await BackAsync();
        Assert.Equal([500, 4], (await store.ReadAsync([bucket, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
        await store.SettleAsync(open, [50, 0]);
        await store.FlushAsync();
        Assert.Equal([750, 5], (await store.ReadAsync([bucket, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Restarted_UnderTraffic_LimitsHoldAndEverythingIsGivenBack()
    {
        RedisQuotaStore[] stores = [await _rig.AddAsync(share: 1 / 3.0), await _rig.AddAsync(share: 1 / 3.0), await _rig.AddAsync(share: 1 / 3.0)];
        const int Limit = 300;
        const int Slots = 6;
        var (bucket, slots) = (StoreRig.Bucket("b", Limit, TimeSpan.FromSeconds(1)), StoreRig.Slots("s", Slots));
        var (most, inUse, granted) = (0, 0, 0);
        var began = Stopwatch.GetTimestamp();
        using var stop = new CancellationTokenSource();
        var traffic = Enumerable.Range(0, 24).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var store = stores[(worker + i) % 3];
                if ((await store.ReserveAsync(StoreRig.Claim(new(bucket, 1), new(slots, 1)), Cancel)).Common is { } lease)
                {
                    Interlocked.Increment(ref granted);
                    InterlockedMax(ref most, Interlocked.Increment(ref inUse));
                    await Task.Delay(1, Cancel);
                    Interlocked.Decrement(ref inUse);
                    await store.SettleAsync(lease, [1, 0]);
                }
                await Task.Delay(1, Cancel);
            }
        }, Cancel)).ToList();

        for (var round = 1; round <= 2; round++)
        {
            var before = Volatile.Read(ref granted);
            await Eventually.TrueAsync(() => Volatile.Read(ref granted) > before + 20 || traffic.Any(t => t.IsFaulted), "traffic flows");
            Assert.All(traffic, t => Assert.Null(t.Exception));
            await server.KillAsync();
            await Eventually.TrueAsync(() => Count("is away") == 3 * round, "all stores noticed");
            await server.StartAsync();
            await BackAsync(3 * round);
        }
        await stop.CancelAsync();
        await Task.WhenAll(traffic);
        await Task.WhenAll(stores.Select(s => s.FlushAsync()));

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        // In an outage each store may use its share beside what the others have under way.
        Assert.InRange(most, 1, 2 * Slots);
        // With each restart the server forgets what was used, and in each outage the stores begin with what they last read.
        Assert.InRange(granted, 1, (5 * Limit) + (Limit * seconds));
        Assert.Equal(Slots, (await stores[0].ReadAsync([slots], Cancel))[0].Remaining);
        Assert.Equal((6, 6), (Count("is away"), Count("is back")));
    }

    [Fact]
    public async Task AwayFromTheStart_Served_AndConnectedLater()
    {
        await server.KillAsync();
        var store = _rig.Add(timeout: TimeSpan.FromMilliseconds(200));
        var slots = StoreRig.Slots("s", 8);

        Assert.True((await store.ReserveAsync(StoreRig.Claim(new Charge(slots, 2)), Cancel)).Granted);
        Assert.False((await store.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel)).Granted);
        await server.StartAsync();

        await BackAsync();
        await Eventually.TrueAsync(async () => (await store.ReadAsync([slots], Cancel))[0].Remaining == 6, "the store holds what was granted without it");
    }

    [Fact]
    public async Task Kept_MoreThanTheBound_IsGivenUpAndSaid()
    {
        var store = _rig.Add(mostKept: 10);
        var gates = Enumerable.Range(0, 15).Select(i => new Meter($"g{i}", MeterKind.Gate, MeterUnit.Requests, 0)).ToList();
        await store.ReadAsync(gates, Cancel);
        await server.KillAsync();
        Assert.True((await store.ReserveAsync(StoreRig.Claim(new Charge(StoreRig.Slots("s", 8), 1)), Cancel)).Granted);

        foreach (var gate in gates)
            await store.CloseAsync(gate, TimeSpan.FromHours(1));
        await server.StartAsync();

        await BackAsync();
        Assert.Contains("settlements could not be told to the quota store", _rig.Logs.Text, StringComparison.Ordinal);
        var closed = (await store.ReadAsync(gates, Cancel)).Count(r => r.FreesIn > TimeSpan.Zero);
        Assert.InRange(closed, 8, 10);
    }

    private int Count(string text) => _rig.Logs.Text.Split('\n').Count(l => l.Contains(text, StringComparison.Ordinal));

    private Task BackAsync(int times = 1) => Eventually.TrueAsync(() => Count("is back") == times, "the store is back", seconds: 60);

    /// <summary>How much all together grant, in steps of one.</summary>
    private static async Task<long> GrantedAsync(IEnumerable<RedisQuotaStore> stores, Meter meter)
    {
        var granted = 0L;
        foreach (var store in stores)
        {
            while ((await store.ReserveAsync(StoreRig.Claim(new Charge(meter, 1)), Cancel)).Granted)
                granted++;
        }
        return granted;
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            Interlocked.CompareExchange(ref target, value, seen);
    }
}

public sealed class GarnetOutageTests() : QuotaOutageTests(new GarnetServer());

public sealed class RedisOutageTests() : QuotaOutageTests(new RedisServer());
