using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Quota.Stores;

public sealed class InProcessQuotaStoreTests : QuotaStoreContract
{
    private WallClock _clock = null!;

    private InProcessQuotaStore InProcess => (InProcessQuotaStore)Store;

    protected override Task<IQuotaStore> CreateAsync(FakeTimeProvider time)
    {
        _clock = new WallClock(time);
        return Task.FromResult<IQuotaStore>(new InProcessQuotaStore(_clock));
    }

    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    public async Task Clock_IsSet_RefillsAndHoldsBackNothing(int seconds)
    {
        var (bucket, gate) = (Bucket("b", limit: 60), Gate("g"));
        var lease = await TakeAsync(bucket, 60);
        await CloseAsync(gate, TimeSpan.FromSeconds(30));

        _clock.Wrong = TimeSpan.FromSeconds(seconds);

        await RemainsAsync(0, bucket);
        Near(TimeSpan.FromSeconds(30), (await ReadAsync(gate)).FreesIn);
        Time.Advance(TimeSpan.FromSeconds(30));
        await RemainsAsync(30, bucket);
        await TakeAsync(gate, 0);
        // 30 seconds have passed since that request by any clock but that of the wall, so up to 30 may be refilled.
        await CorrectAsync(lease, remaining: 0, mayRaise: false);
        await RemainsAsync(30, bucket);
    }

    [Fact]
    public async Task Window_ClockSetBackAcrossMidnight_DoesNotStartTheSameDayTwice()
    {
        var meter = Window("w", limit: 100);
        Time.Advance(TimeSpan.FromHours(12));
        await TakeAsync(meter, 100);

        _clock.Wrong = TimeSpan.FromSeconds(-5);
        await RefusedAsync(meter, 1);
        Time.Advance(TimeSpan.FromSeconds(5));

        await RefusedAsync(meter, 1);
        Time.Advance(TimeSpan.FromDays(1));
        await TakeAsync(meter, 100);
    }

    [Fact]
    public async Task Window_ClockWasWrongByYears_CountsOnAndEndsWithTheRightDay()
    {
        var meter = Window("w", limit: 100);
        _clock.Wrong = TimeSpan.FromDays(3650);
        var lease = await TakeAsync(meter, 100);

        _clock.Wrong = TimeSpan.Zero;

        Near(TimeSpan.FromHours(12), (await RefusedAsync(meter, 1)).Wait);
        await SettleAsync(lease, 40);
        await RemainsAsync(60, meter);
        Time.Advance(TimeSpan.FromHours(12));
        await RemainsAsync(100, meter);
    }

    [Fact]
    public async Task Meter_BecomesOneOfAnotherKind_StartsAnewAndGetsNothingBackFromBefore()
    {
        var lease = await TakeAsync(Bucket("m", limit: 100), 80);
        var window = Window("m", limit: 100);
        await RemainsAsync(100, window);
        await TakeAsync(window, 50);

        await SettleAsync(lease, 0);

        await RemainsAsync(50, window);
    }

    [Fact]
    public async Task Reserve_NegativeAmount_IsADefectThatTakesNothing()
    {
        var (first, second) = (Bucket("a", 100), Bucket("b", 100));

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ReserveAsync(Common(new(first, 10), new(second, -10))));

        await RemainsAsync(100, first);
        await RemainsAsync(100, second);
    }

    [Fact]
    public async Task Settle_NegativeUse_GivesNoMoreBackThanWasReserved()
    {
        var meter = Window("w", 100);
        await TakeAsync(meter, 50);
        var lease = await TakeAsync(meter, 10);

        await SettleAsync(lease, -1000);

        await RemainsAsync(50, meter);
    }

    [Fact]
    public async Task Settle_TooFewAmounts_IsADefectThatLeavesTheLeaseOpen()
    {
        var slots = Slots("c", 1);
        var lease = await TakeAsync(slots, 1);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => SettleAsync(lease));
        await SettleAsync(lease, 1);

        await TakeAsync(slots, 1);
    }

    [Fact]
    public async Task Forget_ANewNameWithEachRequest_KeepsOnlyThoseOfTheLastMinutes()
    {
        var most = 0;
        for (var minute = 0; minute < 60; minute++)
        {
            for (var i = 0; i < 100; i++)
            {
                var lease = (await ReserveAsync(Common(new(Bucket($"{minute}/{i}/tokens", 1000), 100), new(Slots($"{minute}/{i}/slots", 5), 1)))).Common!;
                await SettleAsync(lease, 80, 0);
            }
            Time.Advance(TimeSpan.FromMinutes(1));
            most = Math.Max(most, InProcess.MeterCount);
        }

        // Two for each request of the time after which a meter may be forgotten, and of the minute between two looks.
        Assert.InRange(most, 200, 200 * 7);
        Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(0, InProcess.MeterCount);
    }

    [Fact]
    public async Task Forget_InUseSpentClosedOrRead_AreKept()
    {
        var (open, debt, day, closed, read, idle) = (Slots("open", 5), Bucket("debt", 10), Window("day", 100), Gate("closed"), Bucket("read", 10), Bucket("idle", 10));
        await TakeAsync(open, 1);
        await SettleAsync(await TakeAsync(debt, 10), 500);
        await TakeAsync(day, 30);
        await CloseAsync(closed, TimeSpan.FromMinutes(40));
        await SettleAsync(await TakeAsync(read, 10), 10);
        await SettleAsync(await TakeAsync(idle, 10), 10);

        for (var minute = 0; minute < 30; minute++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            Near(10, (await ReadAsync(read)).Taken);
        }

        Assert.Equal(5, InProcess.MeterCount);
        await RemainsAsync(4, open);
        await RemainsAsync(10 - 500 + 300, debt);
        await RemainsAsync(70, day);
        Near(TimeSpan.FromMinutes(10), (await ReadAsync(closed)).FreesIn);
        Near(0, (await ReadAsync(idle)).Taken);
    }

    [Fact]
    public async Task Correct_MeterForgottenSince_TellsNothing()
    {
        var meter = Bucket("b", 100);
        var lease = await TakeAsync(meter, 60);
        await SettleAsync(lease, 60);
        Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(0, InProcess.MeterCount);
        await TakeAsync(meter, 10);

        await CorrectAsync(lease, remaining: 0);

        await RemainsAsync(90, meter);
    }

    [Fact]
    public async Task Correct_OfAWindow_ChangesNothing()
    {
        var meter = Window("w", 100);
        var lease = await TakeAsync(meter, 60);

        await CorrectAsync(lease, remaining: 5);

        await RemainsAsync(40, meter);
    }
}
