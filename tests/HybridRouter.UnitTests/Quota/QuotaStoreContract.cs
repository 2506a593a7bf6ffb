using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Quota;

/// <summary>What every quota store must do. The classes below it hold the parts on reserving; this one is on what comes after.</summary>
public abstract class QuotaStoreContract : QuotaChoiceContract
{
    [Fact]
    public async Task Replicas_OneStore_AreAtLeastOne()
    {
        await TakeAsync(Bucket("b", 10), 1);

        Assert.True(Store.Replicas >= 1);
    }

    [Fact]
    public async Task Settle_UsedLess_GivesTheRestBack()
    {
        var (bucket, window) = (Bucket("b", 100), Window("w", 100));
        var lease = (await ReserveAsync(Common(new(bucket, 80), new(window, 80)))).Common!;

        await SettleAsync(lease, 30, 20);

        await RemainsAsync(70, bucket);
        await RemainsAsync(80, window);
    }

    [Fact]
    public async Task Settle_UsedMore_TakesTheRestAndCanLeaveADebt()
    {
        var (bucket, window) = (Bucket("b", 60), Window("w", 60));
        var lease = (await ReserveAsync(Common(new(bucket, 50), new(window, 50)))).Common!;

        await SettleAsync(lease, 80, 80);

        await RemainsAsync(-20, bucket);
        await RemainsAsync(-20, window);
        await RefusedAsync(window, 1);
        var wait = (await RefusedAsync(bucket, 10)).Wait;
        Near(TimeSpan.FromSeconds(30), wait);
        Time.Advance(TimeSpan.FromSeconds(20));
        await RefusedAsync(bucket, 2);
        Time.Advance(wait!.Value - TimeSpan.FromSeconds(20));
        await TakeAsync(bucket, 10);
    }

    [Fact]
    public async Task Settle_AfterARefill_NeverHoldsMoreThanTheCapacity()
    {
        var meter = Bucket("b", limit: 60, capacity: 10);
        var lease = await TakeAsync(meter, 10);
        Time.Advance(TimeSpan.FromSeconds(8));

        await SettleAsync(lease, 0);

        await RemainsAsync(10, meter);
        await RefusedAsync(meter, 12);
    }

    [Fact]
    public async Task Settle_Twice_CountsOnce()
    {
        var (bucket, slots) = (Bucket("b", 100), Slots("c", 3));
        var lease = (await ReserveAsync(Common(new(bucket, 50), new(slots, 1)))).Common!;
        await TakeAsync(slots, 1);

        await SettleAsync(lease, 20, 0);
        await SettleAsync(lease, 90, 0);
        await SettleAsync(lease, 0, 0);

        await RemainsAsync(80, bucket);
        await RemainsAsync(2, slots);
    }

    [Fact]
    public async Task Settle_ByManyAtOnce_CountsOnce()
    {
        var (bucket, slots) = (Bucket("b", 100), Slots("c", 100));
        var lease = (await ReserveAsync(Common(new(bucket, 50), new(slots, 1)))).Common!;
        await TakeAsync(slots, 50);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(async () => await Store.SettleAsync(lease, [40, 0]), Cancel)));
        await ArriveAsync();

        await RemainsAsync(60, bucket);
        await RemainsAsync(50, slots);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Settle_Slots_AreFreedWhateverUseIsTold(long used)
    {
        var meter = Slots("c", 2);
        var lease = await TakeAsync(meter, 2);

        await SettleAsync(lease, used);

        await RemainsAsync(2, meter);
        await RefusedAsync(meter, 3);
    }

    [Fact]
    public async Task Settle_CommonAndOption_AreIndependent()
    {
        var (caller, key) = (Bucket("caller", 100), Bucket("key", 100));
        var verdict = await ReserveAsync(new QuotaClaim { Common = [new(caller, 50)], Options = [[new(key, 50)]] });

        await SettleAsync(verdict.Option!, 10);

        await RemainsAsync(50, caller);
        await RemainsAsync(90, key);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(500)]
    public async Task Settle_WindowThatIsOver_LeavesTheNewOneAlone(long used)
    {
        var meter = Window("w", 1000);
        var lease = await TakeAsync(meter, 100);
        Time.Advance(TimeSpan.FromHours(13));
        await TakeAsync(meter, 300);

        await SettleAsync(lease, used);

        await RemainsAsync(700, meter);
    }

    [Fact]
    public async Task Settle_WindowThatIsOverAndUnusedSince_LeavesTheNewOneAlone()
    {
        var meter = Window("w", 1000);
        var lease = await TakeAsync(meter, 100);
        Time.Advance(TimeSpan.FromHours(13));

        await SettleAsync(lease, 400);

        await RemainsAsync(1000, meter);
    }

    [Fact]
    public async Task Settle_LimitRaisedSince_DoesNotBringTheOldOneBack()
    {
        var lease = await TakeAsync(Bucket("b", limit: 100), 50);
        await RemainsAsync(950, Bucket("b", limit: 1000));

        await SettleAsync(lease, 20);

        await RemainsAsync(980, Bucket("b", limit: 1000));
    }

    [Fact]
    public async Task Correct_UpstreamHasLess_LowersToIt()
    {
        var meter = Bucket("b", 1000);
        var lease = await TakeAsync(meter, 100);

        await CorrectAsync(lease, remaining: 400);

        await RemainsAsync(400, meter);
        await RefusedAsync(meter, 402);
    }

    [Fact]
    public async Task Correct_UpstreamHasMore_RaisesToIt()
    {
        var meter = Bucket("b", 1000);
        await TakeAsync(meter, 600);
        var lease = await TakeAsync(meter, 100);

        await CorrectAsync(lease, remaining: 800);

        await RemainsAsync(800, meter);
    }

    [Fact]
    public async Task Correct_MayNotRaise_OnlyLowers()
    {
        var meter = Bucket("b", 1000);
        await TakeAsync(meter, 600);
        var lease = await TakeAsync(meter, 100);

        await CorrectAsync(lease, remaining: 800, mayRaise: false);
        await RemainsAsync(300, meter);
        await CorrectAsync(lease, remaining: 200, mayRaise: false);
        await RemainsAsync(200, meter);
    }

    [Fact]
    public async Task Correct_MoreThanTheCapacity_StopsAtIt()
    {
        var meter = Bucket("b", 1000);
        var lease = await TakeAsync(meter, 500);

        await CorrectAsync(lease, remaining: 1_000_000);

        await RemainsAsync(1000, meter);
        await RefusedAsync(meter, 1002);
    }

    [Fact]
    public async Task Correct_OwnDebit_IsNotTakenTwice()
    {
        var meter = Bucket("b", 1000);
        var lease = await TakeAsync(meter, 300);

        // The upstream took it and counted it: what it says is what is left.
        await CorrectAsync(lease, remaining: 700);

        await RemainsAsync(700, meter);
    }

    [Theory]
    [InlineData(950, 700)]
    [InlineData(900, 650)]
    [InlineData(700, 650)]
    [InlineData(500, 500)]
    public async Task Correct_LateAnswer_NeitherUndoesNorRepeatsWhatWasTakenSince(double remaining, double expected)
    {
        var meter = Bucket("b", 1000);
        var late = await TakeAsync(meter, 100);
        await TakeAsync(meter, 200);
        await TakeAsync(meter, 50);

        await CorrectAsync(late, remaining);

        await RemainsAsync(expected, meter);
    }

    [Fact]
    public async Task Correct_TakenSinceAndSettled_CountsWhatWasUsed()
    {
        var meter = Bucket("b", 1000);
        var late = await TakeAsync(meter, 100);
        await SettleAsync(await TakeAsync(meter, 200), 30);

        await CorrectAsync(late, remaining: 800);

        await RemainsAsync(800, meter);
    }

    [Theory]
    [InlineData(400, 400)]
    [InlineData(350, 400)]
    [InlineData(300, 400)]
    [InlineData(299, 399)]
    [InlineData(200, 300)]
    [InlineData(500, 500)]
    public async Task Correct_TimePassedSince_RefillOfThatTimeIsLeftOpen(double remaining, double expected)
    {
        // 100 a second; of the second since the request left, nobody knows how much the upstream had refilled when it counted.
        var meter = Bucket("b", 6000);
        await TakeAsync(meter, 5600);
        var lease = await TakeAsync(meter, 100);
        Time.Advance(TimeSpan.FromSeconds(1));
        await RemainsAsync(400, meter);

        await CorrectAsync(lease, remaining);

        await RemainsAsync(expected, meter);
    }

    [Fact]
    public async Task Correct_AfterItsLeaseWasSettled_StillHolds()
    {
        var meter = Bucket("b", 1000);
        var lease = await TakeAsync(meter, 100);
        await SettleAsync(lease, 100);

        await CorrectAsync(lease, remaining: 400);

        await RemainsAsync(400, meter);
    }

    [Fact]
    public async Task Correct_SecondCharge_IsTheOneMeant()
    {
        var (requests, tokens) = (Bucket("requests", 100), Bucket("tokens", 1000));
        var lease = (await ReserveAsync(Common(new(requests, 1), new(tokens, 100)))).Common!;

        await CorrectAsync(lease, remaining: 50, charge: 1);

        await RemainsAsync(99, requests);
        await RemainsAsync(50, tokens);
    }

    [Fact]
    public async Task Correct_Lowered_IsNoCharge()
    {
        var meter = Bucket("b", 1000);
        var lease = await TakeAsync(meter, 100);
        var before = await ReadAsync(meter);

        await CorrectAsync(lease, remaining: 400);

        Near(0, (await ReadAsync(meter)).Taken - before.Taken);
    }

    [Fact]
    public async Task Freed_SettledCorrectedOrOpened_IsRaised()
    {
        var (meter, gate) = (Bucket("b", 1000), Gate("g"));
        var lease = await TakeAsync(meter, 100);
        var raised = 0;
        Store.Freed += () => Interlocked.Increment(ref raised);

        await CorrectAsync(lease, remaining: 950);
        Assert.True(Volatile.Read(ref raised) >= 1);
        var seen = Volatile.Read(ref raised);
        await SettleAsync(lease, 10);
        Assert.True(Volatile.Read(ref raised) > seen);
        seen = Volatile.Read(ref raised);
        await CloseAsync(gate, TimeSpan.FromMinutes(1));
        await OpenAsync(gate);
        Assert.True(Volatile.Read(ref raised) > seen);
    }

    [Fact]
    public async Task ReserveAndSettle_ByManyAtOnce_ReturnsEverything()
    {
        var (requests, tokens, slots) = (Window("requests", 1_000_000), Bucket("tokens", 1_000_000), Slots("slots", 8));
        var claim = Common(new(requests, 1), new(tokens, 100), new(slots, 1));

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                if (await ReserveAsync(claim) is { Common: { } lease })
                    await Store.SettleAsync(lease, [0, 0, 0]);
            }
        }, Cancel)));
        await ArriveAsync();

        await RemainsAsync(1_000_000, requests);
        await RemainsAsync(1_000_000, tokens);
        await RemainsAsync(8, slots);
    }
}
