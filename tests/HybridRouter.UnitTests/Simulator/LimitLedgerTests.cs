using HybridRouter.Simulator;
using HybridRouter.Simulator.Limits;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Simulator;

public sealed class LimitLedgerTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly KeyAccount _key = new("k", "default", null);

    [Fact]
    public void TryAdmit_FromManyThreads_AdmitsExactlyTheLimitOfEachKind()
    {
        var ledger = Ledger(new() { RequestsPerMinute = 1000, TokensPerMinute = 5000, ConcurrentRequests = 300 });

        var verdicts = new LimitVerdict[4000];
        Parallel.For(0, verdicts.Length, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i => verdicts[i] = ledger.TryAdmit(_key, "m", 10));
        Assert.Equal(300, verdicts.Count(v => v.Admission is not null));
        Assert.All(verdicts, v => Assert.True(v.Admission is null != v.Refusal is null));
        Parallel.ForEach(verdicts, v => v.Admission?.Settle(4, 6, false, false));
        Parallel.ForEach(verdicts, v => v.Admission?.Dispose());

        var more = 0;
        while (ledger.TryAdmit(_key, "m", 10) is { Admission: { } admission })
        {
            admission.Settle(10, 0, false, false);
            admission.Dispose();
            more++;
        }
        Assert.Equal(200, more);
        var state = Assert.Single(ledger.States());
        Assert.Equal((500, 0, 300), (state.Accepted, state.InFlight, state.HighestConcurrency));
        Assert.Equal((3200, 1800), (state.InputTokens, state.OutputTokens));
        Assert.Equal(state.Seen, state.Accepted + state.Refused.Concurrency + state.Refused.Tokens);
    }

    [Fact]
    public void Dispose_NotSettled_GivesEverythingBackOnce()
    {
        var ledger = Ledger(new() { TokensPerMinute = 100 });
        var admission = ledger.TryAdmit(_key, "m", 100).Admission!;

        admission.Dispose();
        admission.Dispose();

        Assert.NotNull(ledger.TryAdmit(_key, "m", 100).Admission);
        Assert.NotNull(ledger.TryAdmit(_key, "m", 1).Refusal);
        Assert.Equal(1, ledger.States()[0].InFlight);
    }

    [Fact]
    public void TryAdmit_OverTheDay_WaitsForTheDaysRefill()
    {
        var ledger = Ledger(new() { RequestsPerMinute = 100, RequestsPerDay = 2 });
        ledger.TryAdmit(_key, "m", 1);
        var second = ledger.TryAdmit(_key, "m", 1);
        Assert.Equal(2, second.Readings.Requests!.Value.Limit);

        var refusal = ledger.TryAdmit(_key, "m", 1).Refusal!;

        Assert.Equal(RefusalReason.Day, refusal.Reason);
        Assert.Equal(TimeSpan.FromHours(12), refusal.RetryAfter);
        _clock.Advance(TimeSpan.FromHours(12));
        Assert.NotNull(ledger.TryAdmit(_key, "m", 1).Admission);
    }

    [Fact]
    public void TryAdmit_Refused_TakesNothingFromOtherLimits()
    {
        var ledger = Ledger(new() { RequestsPerMinute = 10, TokensPerMinute = 100 });
        ledger.TryAdmit(_key, "m", 60);

        for (var i = 0; i < 5; i++)
            Assert.Equal(RefusalReason.Tokens, ledger.TryAdmit(_key, "m", 60).Refusal!.Reason);

        var state = ledger.States()[0];
        Assert.Equal((9L, 40L), (state.RemainingRequests, state.RemainingTokens));
    }

    [Fact]
    public void TryAdmit_Quota_CountsReservedAndSettledTokensOverAllModels()
    {
        var key = new KeyAccount("q", "default", new SimulatedKeyOptions { TotalTokens = 100 });
        var ledger = Ledger(SimulatedLimits.None);
        var first = ledger.TryAdmit(key, "a", 100).Admission!;
        Assert.Equal(RefusalReason.Quota, ledger.TryAdmit(key, "b", 1).Refusal!.Reason);

        first.Settle(50, 0, false, false);
        first.Dispose();

        Assert.NotNull(ledger.TryAdmit(key, "b", 50).Admission);
        Assert.Null(ledger.TryAdmit(key, "b", 1).Refusal!.RetryAfter);
    }

    [Fact]
    public void Change_NewestThatFitsWins_ForKnownAndNewAccounts()
    {
        var ledger = Ledger(new() { RequestsPerMinute = 5 });
        ledger.TryAdmit(_key, "known", 1);

        ledger.Change(null, null, new() { RequestsPerMinute = 7 });
        ledger.Change("k", "special", new() { RequestsPerMinute = 9 });

        Assert.Equal(7, Limit(ledger, "known"));
        Assert.Equal(7, Limit(ledger, "new"));
        Assert.Equal(9, Limit(ledger, "special"));
        ledger.Change(null, null, new() { RequestsPerMinute = 3 });
        Assert.Equal(3, Limit(ledger, "special"));
        ledger.Reset([_key], limits: true);
        Assert.Equal(5, Limit(ledger, "special"));
    }

    [Fact]
    public void Reset_WhileARequestIsOpen_ItsEndGivesNothingToTheNewCounts()
    {
        var key = new KeyAccount("q", "default", new SimulatedKeyOptions { TotalTokens = 100 });
        var ledger = Ledger(new() { TokensPerMinute = 1000 });
        var open = ledger.TryAdmit(key, "m", 500).Admission!;

        ledger.Reset([key], limits: false);
        open.Dispose();

        Assert.Empty(ledger.States());
        Assert.Equal(0, key.TokensUsed);
    }

    [Fact]
    public void TryAdmit_ThousandsOfModelNames_SharesOneAccountAfterTheFirst()
    {
        var ledger = Ledger(SimulatedLimits.None);

        for (var i = 0; i < 3000; i++)
            ledger.TryAdmit(_key, $"model-{i}", 1).Admission!.Dispose();

        Assert.InRange(ledger.States().Count, 1000, 1001);
    }

    private static long Limit(LimitLedger ledger, string model) =>
        ledger.TryAdmit(new KeyAccount("k", "default", null), model, 1).Readings.Requests!.Value.Limit;

    private LimitLedger Ledger(SimulatedLimits limits) => new(new SimulatedCloudOptions { Limits = limits }, _clock);
}
