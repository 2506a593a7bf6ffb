using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Quota;

/// <summary>How each kind of meter grants and refuses.</summary>
public abstract class QuotaReservationContract : QuotaStoreFixture
{
    [Fact]
    public async Task Bucket_Unused_GrantsItsCapacityAndNoMore()
    {
        var meter = Bucket("b", limit: 600, capacity: 100);
        await TakeAsync(meter, 60);
        await TakeAsync(meter, 40);

        await RefusedAsync(meter, 1);
        await RemainsAsync(0, meter);
    }

    [Fact]
    public async Task Bucket_TimePasses_RefillsEvenlyUpToItsCapacity()
    {
        var meter = Bucket("b", limit: 600, capacity: 100);
        await TakeAsync(meter, 100);

        Time.Advance(TimeSpan.FromSeconds(5));
        await RemainsAsync(50, meter);
        await RefusedAsync(meter, 53);
        await TakeAsync(meter, 49);
        Time.Advance(TimeSpan.FromHours(1));

        await RemainsAsync(100, meter);
        await RefusedAsync(meter, 101);
        await TakeAsync(meter, 100);
    }

    [Theory]
    [InlineData(60, 60, 60, 30)]
    [InlineData(7, 60, 7, 3)]
    [InlineData(1_000_000, 60, 100_000, 99_999)]
    [InlineData(250_000_000, 60, 250_000_000, 123_456_789)]
    [InlineData(1000, 86_400, 1000, 1)]
    [InlineData(3, 86_400, 3, 3)]
    public async Task Bucket_Refused_GrantsAfterExactlyTheWaitAndNotBefore(long limit, int seconds, long capacity, long amount)
    {
        var meter = Bucket("b", limit, TimeSpan.FromSeconds(seconds), capacity);
        await TakeAsync(meter, capacity);

        var wait = (await RefusedAsync(meter, amount)).Wait;

        Near(TimeSpan.FromSeconds(amount / meter.PerSecond), wait);
        Time.Advance(wait!.Value * 0.98);
        Assert.True((await ReadAsync(meter)).Remaining < amount);
        var rest = (await RefusedAsync(meter, amount)).Wait!.Value;
        Near(wait.Value * 0.02, rest);
        Time.Advance(rest);
        await TakeAsync(meter, amount);
    }

    [Fact]
    public async Task Bucket_ManySmallTakes_GrantWhatWasRefilledAndNotMore()
    {
        var meter = Bucket("b", limit: 700, capacity: 7);
        var granted = 0;
        for (var i = 0; i < 1000; i++)
        {
            while ((await ReserveAsync(Common(new Charge(meter, 1)))).Granted)
                granted++;
            Time.Advance(TimeSpan.FromMilliseconds(313));
        }

        var refilled = 7 + (999 * 0.313 * 700 / 60);
        Assert.InRange(granted, refilled - 1, refilled);
    }

    [Fact]
    public async Task Window_Day_CountsUntilMidnightUtcAndStartsAnew()
    {
        var meter = Window("w", limit: 1000);
        await TakeAsync(meter, 700);

        var refused = await RefusedAsync(meter, 301);

        Near(TimeSpan.FromHours(12), refused.Wait);
        Near(TimeSpan.FromHours(12), (await ReadAsync(meter)).FreesIn);
        Time.Advance(TimeSpan.FromHours(12) - TimeSpan.FromMilliseconds(1));
        await RefusedAsync(meter, 301);
        await RemainsAsync(300, meter);
        Time.Advance(TimeSpan.FromMilliseconds(1));
        await RemainsAsync(1000, meter);
        await TakeAsync(meter, 1000);
        await RefusedAsync(meter, 1);
    }

    [Fact]
    public async Task Window_Month_CountsUntilTheFirstAndStartsAnew()
    {
        var meter = Window("w", limit: 1000, WindowPeriod.Month);
        await TakeAsync(meter, 1000);
        Time.Advance(TimeSpan.FromDays(1));

        var wait = (await RefusedAsync(meter, 1)).Wait;

        Near(TimeSpan.FromHours(12), wait);
        Time.Advance(wait!.Value);
        await TakeAsync(meter, 1000);
        // February of a common year.
        Near(TimeSpan.FromDays(28), (await RefusedAsync(meter, 1)).Wait);
    }

    [Fact]
    public async Task Concurrency_AllInUse_RefusesUntilOneEnds()
    {
        var meter = Slots("c", limit: 2);
        var first = await TakeAsync(meter, 1);
        await TakeAsync(meter, 1);

        Assert.True((await RefusedAsync(meter, 1)).Wait > TimeSpan.Zero);
        Time.Advance(TimeSpan.FromSeconds(30));
        await RefusedAsync(meter, 1);
        await SettleAsync(first, 1);

        await TakeAsync(meter, 1);
        await RefusedAsync(meter, 1);
    }

    [Fact]
    public async Task Gate_Closed_RefusesForExactlyItsTime()
    {
        var gate = Gate("g");
        await TakeAsync(gate, 0);
        await CloseAsync(gate, TimeSpan.FromSeconds(20));

        Near(TimeSpan.FromSeconds(20), (await RefusedAsync(gate, 0)).Wait);
        Near(TimeSpan.FromSeconds(20), (await ReadAsync(gate)).FreesIn);
        Time.Advance(TimeSpan.FromSeconds(19.9));
        var wait = (await RefusedAsync(gate, 0)).Wait;
        Time.Advance(wait!.Value);

        await TakeAsync(gate, 0);
        Assert.Equal(TimeSpan.Zero, (await ReadAsync(gate)).FreesIn);
    }

    [Fact]
    public async Task Gate_ClosedAgain_KeepsTheLongerTime()
    {
        var gate = Gate("g");
        await CloseAsync(gate, TimeSpan.FromSeconds(60));
        await CloseAsync(gate, TimeSpan.FromSeconds(5));
        Near(TimeSpan.FromSeconds(60), (await RefusedAsync(gate, 0)).Wait);

        await CloseAsync(gate, TimeSpan.FromSeconds(90));

        Near(TimeSpan.FromSeconds(90), (await RefusedAsync(gate, 0)).Wait);
    }

    [Fact]
    public async Task Gate_Opened_GrantsAtOnce()
    {
        var gate = Gate("g");
        await CloseAsync(gate, TimeSpan.FromHours(1));

        await OpenAsync(gate);

        await TakeAsync(gate, 0);
        Assert.Equal(TimeSpan.Zero, (await ReadAsync(gate)).FreesIn);
    }

    [Fact]
    public async Task Amount_ThatNeverFits_HasNoWait()
    {
        Assert.Null((await RefusedAsync(Bucket("b", limit: 600, capacity: 100), 101)).Wait);
        Assert.Null((await RefusedAsync(Bucket("still", limit: 0, capacity: 1), 2)).Wait);
        Assert.Null((await RefusedAsync(Window("w", limit: 1000), 1001)).Wait);
        Assert.Null((await RefusedAsync(Slots("c", limit: 2), 3)).Wait);
    }

    [Fact]
    public async Task Bucket_WithoutRefill_OnceEmptyHasNoWait()
    {
        var meter = Bucket("b", limit: 0, capacity: 5);
        await TakeAsync(meter, 5);

        Assert.Null((await RefusedAsync(meter, 1)).Wait);
    }

    [Fact]
    public async Task AmountOfZero_SpentOrIndebted_IsGranted()
    {
        var window = Window("w", limit: 10);
        var bucket = Bucket("b", limit: 10);
        await SettleAsync(await TakeAsync(window, 10), 50);
        await SettleAsync(await TakeAsync(bucket, 10), 50);

        await TakeAsync(window, 0);
        await TakeAsync(bucket, 0);
        await TakeAsync(Slots("c", limit: 0), 0);
    }

    [Fact]
    public async Task Limit_Raised_GivesTheDifferenceAtOnce()
    {
        await TakeAsync(Bucket("b", limit: 100), 100);
        await TakeAsync(Window("w", limit: 100), 100);
        await TakeAsync(Slots("c", limit: 1), 1);

        await RemainsAsync(50, Bucket("b", limit: 150));
        await TakeAsync(Bucket("b", limit: 150), 50);
        await RefusedAsync(Bucket("b", limit: 150), 2);
        await TakeAsync(Window("w", limit: 150), 50);
        await TakeAsync(Slots("c", limit: 2), 1);
    }

    [Fact]
    public async Task Limit_Lowered_HoldsAtOnceWithWhatWasUsed()
    {
        await TakeAsync(Bucket("b", limit: 100), 70);
        await TakeAsync(Window("w", limit: 100), 70);
        var slots = await TakeAsync(Slots("c", limit: 3), 3);

        await RemainsAsync(-10, Bucket("b", limit: 60));
        var wait = (await RefusedAsync(Bucket("b", limit: 60), 1)).Wait;
        Near(TimeSpan.FromSeconds(11), wait);
        await RefusedAsync(Window("w", limit: 70), 1);
        await TakeAsync(Window("w", limit: 71), 1);
        await RefusedAsync(Slots("c", limit: 1), 1);
        await SettleAsync(slots, 0);
        await TakeAsync(Slots("c", limit: 1), 1);
        Time.Advance(wait!.Value);
        await TakeAsync(Bucket("b", limit: 60), 1);
    }

    [Fact]
    public async Task Read_SeveralMeters_GivesThemInOrderAndTakesNothing()
    {
        var (bucket, window, slots, gate) = (Bucket("b", 100), Window("w", 200), Slots("c", 3), Gate("g"));
        for (var i = 0; i < 2; i++)
        {
            var readings = await Store.ReadAsync([gate, slots, window, bucket], Cancel);
            Assert.Equal([0, 3, 200, 100], readings.Select(r => Math.Round(r.Remaining)));
        }
        Assert.Empty(await Store.ReadAsync([], Cancel));
    }

    [Fact]
    public async Task Read_BucketInUse_TellsWhenItIsFull()
    {
        var meter = Bucket("b", limit: 60);
        Assert.Equal(TimeSpan.Zero, (await ReadAsync(meter)).FreesIn);
        await TakeAsync(meter, 30);

        Near(TimeSpan.FromSeconds(30), (await ReadAsync(meter)).FreesIn, seconds: 1);
    }

    [Fact]
    public async Task Read_Twice_DifferenceOfTakenIsWhatWasChargedBetween()
    {
        var (bucket, window) = (Bucket("b", 6000), Window("w", 6000));
        await ReserveAsync(Common(new(bucket, 100), new(window, 100)));
        var before = await Store.ReadAsync([bucket, window], Cancel);

        var lease = (await ReserveAsync(Common(new(bucket, 500), new(window, 500)))).Common!;
        Time.Advance(TimeSpan.FromSeconds(3));
        await SettleAsync(lease, 200, 300);
        var after = await Store.ReadAsync([bucket, window], Cancel);

        Near(200, after[0].Taken - before[0].Taken);
        Near(300, after[1].Taken - before[1].Taken);
    }
}
