using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Quota.Stores;

/// <summary>The store with a file keeps the contract, and its counts outlive its process.</summary>
public sealed class PersistentQuotaStoreTests : QuotaStoreContract
{
    private WallClock _clock = null!;
    private QuotaFolder _folder = null!;
    private readonly List<InProcessQuotaStore> _stores = [];
    private InProcessQuotaStore _store = null!;

    protected override Task<IQuotaStore> CreateAsync(FakeTimeProvider time)
    {
        _clock = new WallClock(time);
        _folder = new QuotaFolder(_clock);
        _store = _folder.Open();
        _stores.Add(_store);
        return Task.FromResult<IQuotaStore>(_store);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var store in _stores)
            await store.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Restart_Counts_AreAsTheyWere()
    {
        var (minute, day, month, slots, gate) = (
            Bucket("minute", 600), Bucket("day", 1000, TimeSpan.FromDays(1)), Window("month", 1000, WindowPeriod.Month), Slots("slots", 5), Gate("gate"));
        await SettleAsync((await ReserveAsync(Common(new(minute, 500), new(day, 500), new(month, 500), new(slots, 1)))).Common!, 600, 700, 800, 0);
        await CloseAsync(gate, TimeSpan.FromMinutes(10));
        Time.Advance(TimeSpan.FromSeconds(10));

        await RestartAsync();

        Assert.Equal([100, 300, 200, 5], (await _store.ReadAsync([minute, day, month, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
        Near(TimeSpan.FromSeconds(590), (await _store.ReadAsync([gate], Cancel))[0].FreesIn);
    }

    [Fact]
    public async Task Restart_TimePassedBetween_RefillsUpToTheCapacityAndOpensGates()
    {
        var (slow, quick, gate) = (Bucket("slow", 60), Bucket("quick", 6000, capacity: 100), Gate("gate"));
        await ReserveAsync(Common(new(slow, 60), new(quick, 100)));
        await CloseAsync(gate, TimeSpan.FromSeconds(20));

        await RestartAsync(meanwhile: () => Time.Advance(TimeSpan.FromSeconds(30)));

        Assert.Equal([30, 100], (await _store.ReadAsync([slow, quick], Cancel)).Select(r => Math.Round(r.Remaining)));
        Assert.True(await GrantsAsync(gate, 0));
    }

    [Fact]
    public async Task Restart_ClockWentBackwards_RefillsNothingAndHoldsNothingLonger()
    {
        var (bucket, window, held, gate) = (Bucket("b", 60), Window("w", 100), Slots("c", 1), Gate("g"));
        await ReserveAsync(Common(new(bucket, 60), new(window, 100), new(held, 1)));
        await CloseAsync(gate, TimeSpan.FromSeconds(20));

        await RestartAsync(meanwhile: () => _clock.Wrong = TimeSpan.FromDays(-3));

        Assert.Equal([0, 0, 0], (await _store.ReadAsync([bucket, window, held], Cancel)).Select(r => Math.Round(r.Remaining)));
        Assert.False(await GrantsAsync(gate, 0));
        Time.Advance(TimeSpan.FromSeconds(20));
        Assert.True(await GrantsAsync(gate, 0));
        Time.Advance(QuotaFolder.Lease);
        Assert.True(await GrantsAsync(held, 1));
        // What it had reserved came back; the day is the present one.
        Near(TimeSpan.FromHours(12), (await _store.ReadAsync([window], Cancel))[0].FreesIn, seconds: 200);
    }

    [Fact]
    public async Task Restart_NextDay_FindsANewWindow()
    {
        var (day, month) = (Window("day", 100), Window("month", 100, WindowPeriod.Month));
        await SettleAsync((await ReserveAsync(Common(new(day, 100), new(month, 70)))).Common!, 100, 70);

        await RestartAsync(meanwhile: () => Time.Advance(TimeSpan.FromHours(12)));

        Assert.Equal([100, 30], (await _store.ReadAsync([day, month], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Crash_OpenLease_IsDebitedUntilItExpiresAndThenGivenBackInFull()
    {
        var (window, slots, day) = (Window("w", 100), Slots("c", 1), Bucket("d", 100, TimeSpan.FromDays(1)));
        await ReserveAsync(Common(new(window, 80), new(slots, 1), new(day, 80)));
        await CrashAsync();
        var raised = 0;
        _store.Freed += () => raised++;

        Assert.False(await GrantsAsync(slots, 1));
        Assert.Equal([20, 0, 20], (await _store.ReadAsync([window, slots, day], Cancel)).Select(r => Math.Round(r.Remaining)));
        Time.Advance(QuotaFolder.Lease - TimeSpan.FromMilliseconds(1));
        Assert.False(await GrantsAsync(slots, 1));
        Assert.Equal(0, raised);
        Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(1, raised);
        Assert.Equal([100, 1, 100], (await _store.ReadAsync([window, slots, day], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Crash_LeaseTimeOverBeforeTheRestart_IsGivenBackAtTheStart()
    {
        var window = Window("w", 100);
        await ReserveAsync(Common(new Charge(window, 80)));

        await CrashAsync(meanwhile: () => Time.Advance(QuotaFolder.Lease));

        Near(100, (await _store.ReadAsync([window], Cancel))[0].Remaining);
        await CrashAsync();
        Near(100, (await _store.ReadAsync([window], Cancel))[0].Remaining);
    }

    [Fact]
    public async Task Crash_Again_DoesNotProlongALease()
    {
        var slots = Slots("c", 1);
        await ReserveAsync(Common(new Charge(slots, 1)));
        for (var i = 0; i < 3; i++)
        {
            await CrashAsync();
            Assert.False(await GrantsAsync(slots, 1));
            Time.Advance(QuotaFolder.Lease * 0.3);
            await _store.ReserveAsync(Common(new Charge(Bucket("other", 10), 1)), Cancel);
        }
        await CrashAsync();
        Assert.False(await GrantsAsync(slots, 1));

        Time.Advance(QuotaFolder.Lease * 0.1);

        Assert.True(await GrantsAsync(slots, 1));
    }

    [Fact]
    public async Task Crash_SettledLease_IsChargedOnceAndNotGivenBack()
    {
        var (window, slots) = (Window("w", 100), Slots("c", 5));
        var lease = (await ReserveAsync(Common(new(window, 80), new(slots, 1)))).Common!;
        Assert.True(await _store.FlushAsync());
        await SettleAsync(lease, 30, 0);

        await CrashAsync();

        Assert.Equal([70, 5], (await _store.ReadAsync([window, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
        Time.Advance(QuotaFolder.Lease * 2);
        Assert.Equal([70, 5], (await _store.ReadAsync([window, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Crash_BeforeASettlementIsWritten_GivesTheReservationBack()
    {
        var (window, slots) = (Window("w", 100), Slots("c", 5));
        var lease = (await ReserveAsync(Common(new(window, 80), new(slots, 1)))).Common!;
        Assert.True(await _store.FlushAsync());
        await SettleAsync(lease, 30, 0);

        await CrashAsync(flush: false);

        Assert.Equal([20, 4], (await _store.ReadAsync([window, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
        Time.Advance(QuotaFolder.Lease);
        Assert.Equal([100, 5], (await _store.ReadAsync([window, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Crash_BeforeAnythingIsWritten_ForgetsItAsAWhole()
    {
        var (window, slots) = (Window("w", 100), Slots("c", 5));
        await ReserveAsync(Common(new(window, 80), new(slots, 1)));

        await CrashAsync(flush: false);

        Assert.Equal([100, 5], (await _store.ReadAsync([window, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    [Fact]
    public async Task Crash_LeaseOfAWindowThatIsOver_GivesNothingToTheNewOne()
    {
        var window = Window("w", 100);
        Time.Advance(TimeSpan.FromHours(12) - TimeSpan.FromSeconds(60));
        await ReserveAsync(Common(new Charge(window, 80)));
        await CrashAsync();
        Time.Advance(TimeSpan.FromSeconds(60));
        Assert.True(await GrantsAsync(window, 50));

        Time.Advance(QuotaFolder.Lease);

        Near(50, (await _store.ReadAsync([window], Cancel))[0].Remaining);
    }

    [Fact]
    public async Task Crash_LeaseHeldForLong_WasAliveUntilTheLastBeat()
    {
        var slots = Slots("c", 1);
        await ReserveAsync(Common(new Charge(slots, 1)));
        Time.Advance(QuotaFolder.Lease * 10);

        await CrashAsync();

        Time.Advance(QuotaFolder.Lease * 0.9);
        Assert.False(await GrantsAsync(slots, 1));
        Time.Advance(QuotaFolder.Lease * 0.1);
        Assert.True(await GrantsAsync(slots, 1));
    }

    [Fact]
    public async Task Restart_LeaseStillOpen_IsHeldAsAfterACrash()
    {
        var slots = Slots("c", 1);
        var lease = await TakeAsync(slots, 1);

        await RestartAsync();

        // A request that ends after its store did: too late to be written down.
        await Store.SettleAsync(lease, [0]);
        Assert.False(await GrantsAsync(slots, 1));
        Time.Advance(QuotaFolder.Lease);
        Assert.True(await GrantsAsync(slots, 1));
    }

    [Fact]
    public async Task Restart_LimitChangedInTheConfiguration_CountsWhatWasUsed()
    {
        await TakeAsync(Window("w", 100), 80);

        await RestartAsync();

        Assert.False(await GrantsAsync(Window("w", 90), 11));
        Assert.True(await GrantsAsync(Window("w", 200), 120));
    }

    [Fact]
    public async Task Forget_IdleMeters_LeavesNoRows()
    {
        for (var i = 0; i < 50; i++)
            await SettleAsync(await TakeAsync(Bucket($"user{i}", 100), 10), 10);
        await TakeAsync(Window("kept", 100), 10);
        Assert.True(await _store.FlushAsync());
        Time.Advance(TimeSpan.FromMinutes(10));

        await _store.DisposeAsync();

        Assert.Equal((1, 1), (_folder.Number("SELECT count(*) FROM meters"), _folder.Number("SELECT count(*) FROM leases")));
    }

    [Fact]
    public async Task Forget_MeterThatComesAgain_IsWrittenAgain()
    {
        var meter = Window("w", 100);
        await SettleAsync(await TakeAsync(meter, 10), 0);
        Assert.True(await _store.FlushAsync());
        Time.Advance(TimeSpan.FromMinutes(10));
        await TakeAsync(meter, 30);

        await RestartAsync();

        Near(70, (await _store.ReadAsync([meter], Cancel))[0].Remaining);
    }

    [Fact]
    public async Task Write_WhileManyReserveAndSettle_LosesNothing()
    {
        var (window, slots) = (Window("w", 1_000_000), Slots("c", 1000));
        var claim = Common(new(window, 10), new(slots, 1));
        var work = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                var lease = (await ReserveAsync(claim)).Common!;
                if (i % 100 != 0)
                    await Store.SettleAsync(lease, [i % 2, 0]);
            }
        }, Cancel)));
        while (!work.IsCompleted)
            Assert.True(await _store.FlushAsync());
        await work;

        await CrashAsync();

        // Of each 500, 250 odd ones used 1; 5 were left open with 10 and a slot.
        Assert.Equal([1_000_000 - (8 * (250 + 50)), 1000 - 40], (await _store.ReadAsync([window, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
        Time.Advance(QuotaFolder.Lease);
        Assert.Equal([1_000_000 - (8 * 250), 1000], (await _store.ReadAsync([window, slots], Cancel)).Select(r => Math.Round(r.Remaining)));
    }

    private async Task RestartAsync(Action? meanwhile = null)
    {
        await _store.DisposeAsync();
        meanwhile?.Invoke();
        _store = _folder.Open();
        _stores.Add(_store);
    }

    /// <param name="flush">Whether the writer had written everything before.</param>
    private async Task CrashAsync(bool flush = true, Action? meanwhile = null)
    {
        Assert.True(!flush || await _store.FlushAsync());
        _folder.Crash();
        meanwhile?.Invoke();
        _store = _folder.Open();
        _stores.Add(_store);
    }

    private async Task<bool> GrantsAsync(Meter meter, long amount)
    {
        var verdict = await _store.ReserveAsync(Common(new Charge(meter, amount)), Cancel);
        return verdict.Granted;
    }
}
