using HybridRouter.FunctionalTests.Local;
using HybridRouter.Quota;
using HybridRouter.Quota.Redis;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>Several gateways on one server.</summary>
public abstract class SharedQuotaTests(QuotaServer server) : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2027, 1, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    private readonly StoreRig _rig = new(server);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await server.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Reserve_ThousandAtOnceOverThreeStores_GrantsExactlyTheLimit()
    {
        RedisQuotaStore[] stores = [_rig.Add(), _rig.Add(), _rig.Add()];
        var (requests, tokens, slots) = (StoreRig.Still("requests", 100), new Meter("tokens", MeterKind.Window, MeterUnit.Tokens, 10_000_000), StoreRig.Slots("slots", 500));
        var claim = StoreRig.Claim(new(requests, 1), new(tokens, 100), new(slots, 1));

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Task.Run(async () => await stores[i % 3].ReserveAsync(claim, Cancel), Cancel)));

        Assert.Equal(100, verdicts.Count(v => v.Granted));
        Assert.All(verdicts.Where(v => !v.Granted), v => Assert.Same(requests, v.RefusedBy));
        foreach (var store in stores)
            Assert.Equal([0, 9_990_000, 400], (await store.ReadAsync([requests, tokens, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
        Assert.Equal(100, verdicts.Where(v => v.Granted).Select(v => v.Common!.Id).Distinct().Count());
    }

    [Fact]
    public async Task ReserveAndSettle_ByManyOverThreeStores_ReturnsEverything()
    {
        RedisQuotaStore[] stores = [_rig.Add(), _rig.Add(), _rig.Add()];
        var (tokens, slots) = (StoreRig.Still("tokens", 10_000), StoreRig.Slots("slots", 7));
        var (granted, used) = (0, 0L);

        await Task.WhenAll(Enumerable.Range(0, 24).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++)
            {
                var store = stores[(worker + i) % 3];
                if ((await store.ReserveAsync(StoreRig.Claim(new(tokens, 100), new(slots, 1)), Cancel)).Common is not { } lease)
                    continue;
                Interlocked.Increment(ref granted);
                Interlocked.Add(ref used, i % 4);
                await store.SettleAsync(lease, [i % 4, 0]);
            }
        }, Cancel)));
        await Task.WhenAll(stores.Select(s => s.FlushAsync()));

        Assert.True(granted > 0);
        Assert.Equal([10_000 - used, 7], (await stores[0].ReadAsync([tokens, slots], Cancel)).Select(r => (long)Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Replicas_StoresComeAndGo_AreCounted()
    {
        var time = new FakeTimeProvider(Start);
        var (first, second) = (await _rig.AddAsync(time, Lease), await _rig.AddAsync(time, Lease));
        Assert.Equal((1, 2), (first.Replicas, second.Replicas));

        time.Advance(Lease / 3);
        await Eventually.TrueAsync(() => first.Replicas == 2, "the first has seen the second");
        await second.DisposeAsync();
        time.Advance(Lease / 3);
        await Eventually.TrueAsync(() => first.Replicas == 1, "the first has seen the second leave");
    }

    [Fact]
    public async Task Expired_OtherStoreReserves_IsReleasedInFull()
    {
        var (dead, alive) = (new FakeTimeProvider(Start), new FakeTimeProvider(Start));
        var (bucket, window, slots) = (StoreRig.Still("b", 100), new Meter("w", MeterKind.Window, MeterUnit.Tokens, 100), StoreRig.Slots("s", 3));
        var claim = StoreRig.Claim(new(bucket, 80), new(window, 80), new(slots, 3));
        Assert.True((await _rig.Add(dead, Lease).ReserveAsync(claim, Cancel)).Granted);
        var other = await _rig.AddAsync(alive, Lease);

        alive.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.False((await other.ReserveAsync(claim, Cancel)).Granted);
        alive.Advance(TimeSpan.FromSeconds(2));

        Assert.True((await other.ReserveAsync(claim, Cancel)).Granted);
    }

    [Fact]
    public async Task Expired_NobodyReserves_HeartbeatReleases()
    {
        var (dead, alive) = (new FakeTimeProvider(Start), new FakeTimeProvider(Start));
        var slots = StoreRig.Slots("s", 200);
        var lost = _rig.Add(dead, Lease);
        for (var i = 0; i < 150; i++)
            Assert.True((await lost.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel)).Granted);
        var other = await _rig.AddAsync(alive, Lease);
        Assert.Equal(50, (await other.ReadAsync([slots], Cancel))[0].Remaining);

        alive.Advance(Lease * 2);

        await Eventually.TrueAsync(async () => (await other.ReadAsync([slots], Cancel))[0].Remaining == 200, "all are released");
    }

    [Fact]
    public async Task Settle_ExpiredAndReleased_ChargesWhatWasUsed()
    {
        var (paused, alive) = (new FakeTimeProvider(Start), new FakeTimeProvider(Start));
        var (bucket, window, slots) = (StoreRig.Still("b", 1000), new Meter("w", MeterKind.Window, MeterUnit.Tokens, 1000), StoreRig.Slots("s", 3));
        var first = await _rig.AddAsync(paused, Lease);
        var lease = (await first.ReserveAsync(StoreRig.Claim(new(bucket, 800), new(window, 800), new(slots, 2)), Cancel)).Common!;
        var other = await _rig.AddAsync(alive, Lease);
        alive.Advance(Lease + TimeSpan.FromSeconds(1));
        Assert.True((await other.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel)).Granted);

        await first.SettleAsync(lease, [300, 250, 0]);
        await first.FlushAsync();

        Assert.Equal([700, 750, 2], (await other.ReadAsync([bucket, window, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Renew_LongRequest_HoldsItsLeaseWhileTheProcessLives()
    {
        var time = new FakeTimeProvider(Start);
        var slots = StoreRig.Slots("s", 1);
        var (first, other) = (await _rig.AddAsync(time, Lease), await _rig.AddAsync(time, Lease));
        var lease = (await first.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel)).Common!;

        for (var i = 0; i < 12; i++)
        {
            time.Advance(Lease / 3);
            await first.FlushAsync();
            Assert.False((await other.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel)).Granted);
        }
        await first.SettleAsync(lease, [0]);
        await first.FlushAsync();

        Assert.True((await other.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel)).Granted);
    }

    [Fact]
    public async Task Renew_ReleasedMeanwhile_IsHeldAgain()
    {
        var (paused, alive) = (new FakeTimeProvider(Start), new FakeTimeProvider(Start));
        var (bucket, slots) = (StoreRig.Still("b", 100), StoreRig.Slots("s", 5));
        var first = await _rig.AddAsync(paused, Lease);
        var lease = (await first.ReserveAsync(StoreRig.Claim(new(bucket, 60), new(slots, 2)), Cancel)).Common!;
        var other = await _rig.AddAsync(alive, Lease);
        alive.Advance(Lease + TimeSpan.FromSeconds(1));
        await other.ReserveAsync(StoreRig.Claim(new Charge(slots, 0)), Cancel);
        Assert.Equal([100, 5], (await other.ReadAsync([bucket, slots], Cancel)).Select(r => Math.Round(r.Remaining)));

        paused.Advance(Lease);
        await Eventually.TrueAsync(async () => (await other.ReadAsync([slots], Cancel))[0].Remaining == 3, "the process that was paused holds its slots again");

        Assert.Equal(40, Math.Round((await other.ReadAsync([bucket], Cancel))[0].Remaining));
        await first.SettleAsync(lease, [10, 0]);
        await first.FlushAsync();
        Assert.Equal([90, 5], (await other.ReadAsync([bucket, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Close_ByOneStore_HoldsForAll()
    {
        var (first, other) = (_rig.Add(), _rig.Add());
        var gate = new Meter("g", MeterKind.Gate, MeterUnit.Requests, 0);

        await first.CloseAsync(gate, TimeSpan.FromMinutes(5));
        await first.FlushAsync();
        Assert.InRange((await other.ReserveAsync(StoreRig.Claim(new Charge(gate, 0)), Cancel)).Wait!.Value.TotalSeconds, 200, 300);
        await other.OpenAsync(gate);
        await other.FlushAsync();

        Assert.True((await first.ReserveAsync(StoreRig.Claim(new Charge(gate, 0)), Cancel)).Granted);
    }

    [Fact]
    public async Task Time_OwnClockIsWrong_StoresTimeCounts()
    {
        var store = _rig.Add(own: new FakeTimeProvider(Start.AddYears(30)));
        var refilled = StoreRig.Bucket("b", 500, TimeSpan.FromSeconds(1));
        var before = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

        var lease = (await store.ReserveAsync(StoreRig.Claim(new Charge(refilled, 500)), Cancel)).Common!;

        // Server and test share the machine, and so the clock.
        Assert.InRange(lease.GrantedAt, before, before + 60_000);
        await Eventually.TrueAsync(async () => (await store.ReserveAsync(StoreRig.Claim(new Charge(refilled, 250)), Cancel)).Granted, "half is refilled");
    }

    [Fact]
    public async Task Claim_HundredsOfKeys_IsDecided()
    {
        var store = _rig.Add();
        var claim = new QuotaClaim { Options = [.. Enumerable.Range(0, 300).Select(k => Enumerable.Range(0, 5).Select(m => new Charge(StoreRig.Still($"k{k}/{m}", k == 299 ? 20 : 9), 10)).ToArray())] };

        var verdict = await store.ReserveAsync(claim, Cancel);
        var second = await store.ReserveAsync(claim with { Options = [.. claim.Options.SkipLast(1)] }, Cancel);

        Assert.Equal((QuotaRefusal.None, 299), (verdict.Refusal, verdict.OptionIndex));
        Assert.Equal((QuotaRefusal.Options, 299), (second.Refusal, second.OptionReadings.Count));
    }

    [Fact]
    public async Task Settle_ManyLeasesOfManyCharges_AllArrive()
    {
        var store = _rig.Add();
        var meters = Enumerable.Range(0, 40).Select(i => StoreRig.Still($"b{i}", 100_000)).ToArray();
        var leases = new List<QuotaLease>();
        for (var i = 0; i < 300; i++)
            leases.Add((await store.ReserveAsync(StoreRig.Claim([.. meters.Select(m => new Charge(m, 100))]), Cancel)).Common!);

        foreach (var lease in leases)
            await store.SettleAsync(lease, Enumerable.Repeat(7L, meters.Length).ToArray());
        await store.FlushAsync();

        Assert.All(await store.ReadAsync(meters, Cancel), r => Assert.Equal(100_000 - (300 * 7), Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Scripts_ServerForgotThem_AreSentAgain()
    {
        var store = _rig.Add();
        var slots = StoreRig.Slots("s", 5);
        var lease = (await store.ReserveAsync(StoreRig.Claim(new Charge(slots, 2)), Cancel)).Common!;
        await ExecuteAsync("SCRIPT", "FLUSH");

        Assert.True((await store.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel)).Granted);
        await ExecuteAsync("SCRIPT", "FLUSH");
        await store.SettleAsync(lease, [0]);
        await store.FlushAsync();

        Assert.Equal(4, (await store.ReadAsync([slots], Cancel))[0].Remaining);
        Assert.Empty(_rig.Logs.Errors);
    }

    [Fact]
    public async Task Keys_AfterUse_HaveOneHashTagAndVanishByThemselves()
    {
        var store = _rig.Add(lease: Lease);
        Meter[] meters =
        [
            StoreRig.Bucket("b", 100), new Meter("d", MeterKind.Window, MeterUnit.Tokens, 100), StoreRig.Slots("s", 5),
            new Meter("m", MeterKind.Window, MeterUnit.MicroDollars, 100) { Window = WindowPeriod.Month }, new Meter("g", MeterKind.Gate, MeterUnit.Requests, 0),
        ];
        var verdict = await store.ReserveAsync(StoreRig.Claim([.. meters.Select(m => new Charge(m, m.Kind == MeterKind.Gate ? 0 : 1))]), Cancel);
        await store.CloseAsync(meters[4], TimeSpan.FromHours(1));
        await store.SettleAsync(verdict.Common!, [1, 1, 0, 1, 0]);
        await store.FlushAsync();

        using var connection = await ConnectionMultiplexer.ConnectAsync(server.Connection);
        var keys = connection.GetServers().Single().Keys(pattern: $"*{_rig.Namespace}*").Select(k => k.ToString()).ToList();

        Assert.Equal(meters.Length, keys.Count(k => k.Contains(":m:", StringComparison.Ordinal)));
        Assert.All(keys, k => Assert.StartsWith($"{{{_rig.Namespace}}}:", k));
        foreach (var key in keys)
        {
            var left = await connection.GetDatabase().KeyTimeToLiveAsync(key);
            Assert.True(left is { TotalDays: > 0 and < 60 }, $"{key}: {left}");
        }
    }

    [Fact]
    public async Task Killed_LeasesOpen_AreReleasedWithinTheLeaseTime()
    {
        using var holder = HolderProcess.Start(server.Connection, _rig.Namespace, leaseSeconds: 3);
        Assert.Equal("held", await holder.FirstLineAsync());
        var store = _rig.Add();
        var (slots, tokens) = (StoreRig.Slots("slots", 10), new Meter("tokens", MeterKind.Window, MeterUnit.Tokens, 1000));
        var claim = StoreRig.Claim(new(slots, 10), new(tokens, 1000));
        Assert.False((await store.ReserveAsync(claim, Cancel)).Granted);

        holder.Kill();
        Assert.False((await store.ReserveAsync(StoreRig.Claim(new Charge(slots, 1)), Cancel)).Granted);

        await Eventually.TrueAsync(async () => (await store.ReserveAsync(claim, Cancel)).Granted, "what the killed process held is free");
    }

    private async Task ExecuteAsync(string command, string argument)
    {
        using var connection = await ConnectionMultiplexer.ConnectAsync(server.Connection);
        await connection.GetDatabase().ExecuteAsync(command, argument);
    }
}

public sealed class GarnetSharedQuotaTests(GarnetServer server) : SharedQuotaTests(server), IClassFixture<GarnetServer>;

public sealed class RedisSharedQuotaTests(RedisServer server) : SharedQuotaTests(server), IClassFixture<RedisServer>;
