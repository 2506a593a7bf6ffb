using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Quota;

/// <summary>Claims over several meters and several options.</summary>
public abstract class QuotaChoiceContract : QuotaReservationContract
{
    [Fact]
    public async Task Claim_NothingAsked_IsGrantedWithoutLeases()
    {
        var verdict = await ReserveAsync(new QuotaClaim());

        Assert.True(verdict.Granted);
        Assert.Null(verdict.Common);
        Assert.Null(verdict.Option);
        Assert.Equal(-1, verdict.OptionIndex);
    }

    [Fact]
    public async Task Claim_Granted_HoldsCommonAndOneOptionWithReadingsAfter()
    {
        var (caller, slots, key, other) = (Bucket("caller", 100), Slots("slots", 5), Bucket("key", 1000), Bucket("other", 1000));
        await TakeAsync(other, 500);
        var common = new[] { new Charge(caller, 10), new Charge(slots, 1) };

        var verdict = await ReserveAsync(new QuotaClaim { Common = common, Options = [[new(other, 20)], [new(key, 20)]] });

        Assert.Equal((QuotaRefusal.None, 1), (verdict.Refusal, verdict.OptionIndex));
        Assert.Null(verdict.RefusedBy);
        Assert.Equal(common, verdict.Common!.Charges);
        Assert.Equal(new Charge(key, 20), Assert.Single(verdict.Option!.Charges));
        Assert.NotEqual(verdict.Common.Id, verdict.Option.Id);
        Assert.Equal([90, 4], verdict.Common.After.Select(r => Math.Round(r.Remaining)));
        Near(980, Assert.Single(verdict.Option.After).Remaining);
        Near(980, Assert.Single(Assert.Single(verdict.OptionReadings)).Remaining);
        await RemainsAsync(90, caller);
        await RemainsAsync(980, key);
        await RemainsAsync(500, other);
    }

    [Fact]
    public async Task Claim_OptionWithoutCharges_IsTakenWithoutALease()
    {
        var verdict = await ReserveAsync(new QuotaClaim { Common = [new(Bucket("caller", 10), 1)], Options = [[]] });

        Assert.Equal((QuotaRefusal.None, 0), (verdict.Refusal, verdict.OptionIndex));
        Assert.Null(verdict.Option);
        Assert.NotNull(verdict.Common);
    }

    [Fact]
    public async Task Claim_LastCommonMeterRefuses_TakesNothing()
    {
        var (first, slots, last, key) = (Bucket("first", 100), Slots("slots", 5), Window("last", 10), Bucket("key", 1000));
        await TakeAsync(last, 10);

        var verdict = await ReserveAsync(new QuotaClaim { Common = [new(first, 10), new(slots, 1), new(last, 1)], Options = [[new(key, 20)]] });

        Assert.Equal(QuotaRefusal.Common, verdict.Refusal);
        Assert.Same(last, verdict.RefusedBy);
        Assert.Null(verdict.Common);
        Assert.Null(verdict.Option);
        Assert.Equal(-1, verdict.OptionIndex);
        await RemainsAsync(100, first);
        await RemainsAsync(5, slots);
        await RemainsAsync(1000, key);
    }

    [Fact]
    public async Task Claim_EveryOptionRefuses_TakesNothingAndReadsEachOption()
    {
        var (caller, one, two) = (Bucket("caller", 100), Bucket("one", 60), Bucket("two", 60));
        await TakeAsync(one, 50);
        await TakeAsync(two, 40);

        var verdict = await ReserveAsync(new QuotaClaim { Common = [new(caller, 10)], Options = [[new(one, 30)], [new(two, 30)]] });

        Assert.Equal(QuotaRefusal.Options, verdict.Refusal);
        Assert.Same(two, verdict.RefusedBy);
        Near(TimeSpan.FromSeconds(10), verdict.Wait);
        Assert.Equal([10, 20], verdict.OptionReadings.Select(o => Math.Round(Assert.Single(o).Remaining)));
        Assert.Null(verdict.Common);
        await RemainsAsync(100, caller);
        Time.Advance(verdict.Wait!.Value);
        Assert.Equal(1, (await ReserveAsync(Options([new(one, 30)], [new(two, 30)]))).OptionIndex);
    }

    [Fact]
    public async Task Claim_CommonAndOptionsRefuse_TellsOfTheCommon()
    {
        var (caller, key) = (Bucket("caller", 60), Bucket("key", 60));
        await TakeAsync(caller, 60);
        await TakeAsync(key, 60);

        var verdict = await ReserveAsync(new QuotaClaim { Common = [new(caller, 5)], Options = [[new(key, 30)]] });

        Assert.Equal(QuotaRefusal.Common, verdict.Refusal);
        Assert.Same(caller, verdict.RefusedBy);
        Near(TimeSpan.FromSeconds(5), verdict.Wait);
    }

    [Fact]
    public async Task Claim_SeveralCommonMetersRefuse_WaitsForTheLast()
    {
        var (quick, slow, free) = (Bucket("quick", 600), Bucket("slow", 60), Bucket("free", 60));
        await TakeAsync(quick, 600);
        await TakeAsync(slow, 60);
        var claim = Common(new(quick, 10), new(slow, 10), new(free, 10));

        var verdict = await ReserveAsync(claim);

        Assert.Same(slow, verdict.RefusedBy);
        Near(TimeSpan.FromSeconds(10), verdict.Wait);
        Time.Advance(verdict.Wait!.Value);
        Assert.True((await ReserveAsync(claim)).Granted);
    }

    [Fact]
    public async Task Claim_OneMeterNeverFits_HasNoWaitWhateverTheOthersSay()
    {
        var (small, empty) = (Bucket("small", 60, capacity: 5), Bucket("empty", 60));
        await TakeAsync(empty, 60);

        foreach (var claim in new[] { Common(new(empty, 10), new(small, 6)), Common(new(small, 6), new(empty, 10)) })
        {
            var verdict = await ReserveAsync(claim);
            Assert.Same(small, verdict.RefusedBy);
            Assert.Null(verdict.Wait);
        }
    }

    [Fact]
    public async Task Options_OneNeverFits_TellsOfTheOther()
    {
        var (small, empty) = (Bucket("small", 60, capacity: 5), Bucket("empty", 60));
        await TakeAsync(empty, 60);

        foreach (var claim in new[] { Options([new(empty, 10)], [new(small, 10)]), Options([new(small, 10)], [new(empty, 10)]) })
        {
            var verdict = await ReserveAsync(claim);
            Assert.Same(empty, verdict.RefusedBy);
            Near(TimeSpan.FromSeconds(10), verdict.Wait);
        }
        Assert.Null((await ReserveAsync(Options(new[] { new Charge(small, 10) }))).Wait);
    }

    [Fact]
    public async Task Options_EachWithSeveralMeters_FreesWithItsSlowest()
    {
        var (a1, a2, b1, b2) = (Bucket("a1", 60), Bucket("a2", 60), Bucket("b1", 60), Bucket("b2", 60));
        foreach (var meter in new[] { a1, a2, b1, b2 })
            await TakeAsync(meter, 60);
        var claim = Options([new(a1, 5), new(a2, 40)], [new(b1, 20), new(b2, 10)]);

        var verdict = await ReserveAsync(claim);

        Assert.Same(b1, verdict.RefusedBy);
        Near(TimeSpan.FromSeconds(20), verdict.Wait);
        Assert.Equal([2, 2], verdict.OptionReadings.Select(o => o.Count));
        Time.Advance(verdict.Wait!.Value);
        Assert.Equal(1, (await ReserveAsync(claim)).OptionIndex);
    }

    [Fact]
    public async Task Options_GateOfTheBestIsClosed_TakesAnother()
    {
        var (best, gate, other) = (Bucket("best", 1000), Gate("gate"), Bucket("other", 1000));
        await TakeAsync(other, 900);
        var claim = Options([new(gate, 0), new(best, 10)], [new(other, 10)]);
        await CloseAsync(gate, TimeSpan.FromSeconds(30));

        Assert.Equal(1, (await ReserveAsync(claim)).OptionIndex);
        Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(0, (await ReserveAsync(claim)).OptionIndex);
    }

    [Fact]
    public async Task MostHeadroom_ScarcestMeterDecides()
    {
        var (a1, a2, b1, b2) = (Bucket("a1", 1000), Window("a2", 100), Bucket("b1", 1000), Window("b2", 100));
        await TakeAsync(a2, 80);
        await TakeAsync(b1, 500);
        var claim = Options([new(a1, 1), new(a2, 1)], [new(b1, 1), new(b2, 1)]);

        Assert.Equal(1, (await ReserveAsync(claim)).OptionIndex);
        await TakeAsync(b1, 400);
        Assert.Equal(0, (await ReserveAsync(claim)).OptionIndex);
    }

    [Fact]
    public async Task MostHeadroom_ShareCountsNotAmount()
    {
        var (large, small) = (Bucket("large", 100_000), Bucket("small", 100));
        await TakeAsync(large, 50_000);

        Assert.Equal(1, (await ReserveAsync(Options([new(large, 1)], [new(small, 1)]))).OptionIndex);
    }

    [Fact]
    public async Task MostHeadroom_WhatIsLeftAfterThisRequestCounts()
    {
        var (large, small) = (Bucket("large", 1000), Bucket("small", 100));
        await TakeAsync(large, 300);

        Assert.Equal(0, (await ReserveAsync(Options([new(large, 50)], [new(small, 50)]))).OptionIndex);
    }

    [Fact]
    public async Task MostHeadroom_Equal_TakesTheOneWithFewestSlotsInUseThenTheFirst()
    {
        const long Much = 1_000_000;
        var (a, b, c) = (Bucket("a", Much), Bucket("b", Much), Bucket("c", Much));
        var (slotsA, slotsB, slotsC) = (Slots("sa", 10), Slots("sb", 10), Slots("sc", 10));
        var claim = Options([new(a, 1), new(slotsA, 1)], [new(b, 1), new(slotsB, 1)], [new(c, 1), new(slotsC, 1)]);
        var taken = new List<int>();

        for (var i = 0; i < 6; i++)
            taken.Add((await ReserveAsync(claim)).OptionIndex);

        Assert.Equal([0, 1, 2, 0, 1, 2], taken);
    }

    [Fact]
    public async Task MostHeadroom_EqualsAreThoseNearTheBest_NotChainsOfNeighbours()
    {
        const long Much = 1_000_000;
        var (a, b, c) = (Bucket("a", Much), Bucket("b", Much), Bucket("c", Much));
        var (slotsA, slotsB, slotsC) = (Slots("sa", 10), Slots("sb", 10), Slots("sc", 10));
        await TakeAsync(b, 700);
        await TakeAsync(c, 1400);
        await TakeAsync(slotsA, 3);
        await TakeAsync(slotsB, 2);
        await TakeAsync(slotsC, 1);

        Assert.Equal(1, (await ReserveAsync(Options([new(a, 1), new(slotsA, 1)], [new(b, 1), new(slotsB, 1)], [new(c, 1), new(slotsC, 1)]))).OptionIndex);
    }

    [Fact]
    public async Task First_TakesTheFirstThatFits()
    {
        var (empty, nearly, full) = (Bucket("empty", 100), Bucket("nearly", 100), Bucket("full", 100));
        await TakeAsync(empty, 100);
        await TakeAsync(nearly, 80);

        Assert.Equal(1, (await ReserveAsync(Options([new(empty, 10)], [new(nearly, 10)], [new(full, 10)]) with { Pick = QuotaPick.First })).OptionIndex);
    }

    [Theory]
    [InlineData(QuotaPick.MostHeadroom)]
    [InlineData(QuotaPick.First)]
    public async Task Preferred_Fits_IsTakenWhateverTheOthersOffer(QuotaPick pick)
    {
        var (full, nearly) = (Bucket("full", 100), Bucket("nearly", 100));
        await TakeAsync(nearly, 80);

        Assert.Equal(1, (await ReserveAsync(Options([new(full, 10)], [new(nearly, 10)]) with { Pick = pick, Preferred = 1 })).OptionIndex);
    }

    [Theory]
    [InlineData(QuotaPick.MostHeadroom, 2)]
    [InlineData(QuotaPick.First, 0)]
    public async Task Preferred_DoesNotFit_TheOthersArePickedAsUsual(QuotaPick pick, int expected)
    {
        var (half, empty, full) = (Bucket("half", 100), Bucket("empty", 100), Bucket("full", 100));
        await TakeAsync(half, 50);
        await TakeAsync(empty, 100);

        var claim = Options([new(half, 10)], [new(empty, 10)], [new(full, 10)]) with { Pick = pick, Preferred = 1 };

        Assert.Equal(expected, (await ReserveAsync(claim)).OptionIndex);
    }

    [Fact]
    public async Task Reserve_Cancelled_TakesNothing()
    {
        var meter = Bucket("b", 100);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await Store.ReserveAsync(Common(new Charge(meter, 10)), new CancellationToken(canceled: true)));

        await RemainsAsync(100, meter);
    }

    [Fact]
    public async Task Reserve_ThousandAtOnceAtALimitOfHundred_GrantsExactlyHundred()
    {
        // The slow refill gives nothing while the clock stands still.
        var (requests, tokens, slots) = (Bucket("requests", 1000), Window("tokens", 10_000), Slots("slots", 500));
        var (one, two) = (Bucket("one", 60), Bucket("two", 40));
        var claim = new QuotaClaim { Common = [new(requests, 1), new(tokens, 100), new(slots, 1)], Options = [[new(one, 1)], [new(two, 1)]] };

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => Task.Run(() => ReserveAsync(claim), Cancel)));

        Assert.Equal(100, verdicts.Count(v => v.Granted));
        Assert.Equal((60, 40), (verdicts.Count(v => v.OptionIndex == 0), verdicts.Count(v => v.OptionIndex == 1)));
        await RemainsAsync(900, requests);
        await RemainsAsync(0, tokens);
        await RemainsAsync(400, slots);
        Assert.Equal(100, verdicts.Where(v => v.Granted).Select(v => v.Common!.Id).Distinct().Count());
    }
}
