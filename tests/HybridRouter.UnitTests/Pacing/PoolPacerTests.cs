using HybridRouter.Configuration;
using HybridRouter.Pacing;
using HybridRouter.Quota;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Pacing;

public sealed class PoolPacerTests
{
    private static readonly ExpectedUse Usual = new(1000);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly PoolPacer _pacer;

    public PoolPacerTests() => _pacer = new PoolPacer("big", () => 1, _time);

    [Fact]
    public void Cutoff_LimitsUnknown_IsTheConfiguredOne()
    {
        _pacer.Update([null], Patience);
        var paced = Cutoff(Rule(new()));

        Assert.Equal((0.5f, 0.5f, null), (paced.Cutoff.Value, paced.Cutoff.Configured, paced.Cutoff.Why));
    }

    [Theory]
    [InlineData(null, false, 0.25f)]
    [InlineData(null, true, 0.5f)]
    [InlineData(0.1, false, 0.1f)]
    [InlineData(0.1, true, 0.1f)]
    public void Cutoff_QuotaSlack_IsTheLowest(double? min, bool priced, float expected)
    {
        Update(remaining: 60_000);

        Assert.Equal(expected, Cutoff(PacingRule.From(new PacingOptions { MinCutoff = min }, 0.5f, priced)).Cutoff.Value);
    }

    [Fact]
    public void Cutoff_QuotaSpent_NothingThatLocalCanServePasses()
    {
        Update(remaining: -15_000);
        var verdict = new HybridRouter.Triage.TriageVerdict(1f, Cutoff(Rule(new())).Cutoff.Value);

        Assert.False(verdict.IsComplex);
        Assert.Equal(0.8f, Cutoff(Rule(new() { MaxCutoff = 0.8 })).Cutoff.Value);
    }

    [Fact]
    public void Cutoff_QuotaShort_SaysWhyInFigures()
    {
        Demand(perSecond: 4, seconds: 300);
        Update(remaining: 2_400, perSecond: 1000);
        var cutoff = Cutoff(Rule(new())).Cutoff;

        Assert.InRange(cutoff.Value, 0.72f, 0.78f);
        Assert.Matches("^quota short: 4 % left, refills 1000 tokens/s, demand (39|40)[0-9]{2} tokens/s$", cutoff.Why!);
    }

    [Fact]
    public void Cutoff_WindowShort_SaysHowLong()
    {
        Demand(perSecond: 4, seconds: 300);
        _pacer.Update([new QuotaOutlook([new QuotaLine(MeterUnit.Tokens, 18e6, 36e6, 0, TimeSpan.FromHours(5))])], Patience);

        Assert.Matches("^quota short: 50 % left for 5 h, lets 1000 tokens/s pass, demand (39|40)[0-9]{2} tokens/s$", Cutoff(Rule(new())).Cutoff.Why!);
    }

    [Fact]
    public void Cutoff_MoneyShort_SpeaksOfMoney()
    {
        Demand(perSecond: 4, seconds: 300, new ExpectedUse(1000, 500));
        _pacer.Update([new QuotaOutlook([new QuotaLine(MeterUnit.MicroDollars, 36e6, 100e6, 0, TimeSpan.FromHours(10))])], Patience);

        Assert.Matches("^quota short: 36 % left for 10 h, lets 3[.]60 dollars/h pass, demand 7[.][01][0-9] dollars/h$", Cutoff(Rule(new()), new ExpectedUse(1000, 500)).Cutoff.Why!);
    }

    [Fact]
    public void Cutoff_SmallerRequest_NeedsALowerScore()
    {
        Demand(perSecond: 4, seconds: 300);
        Update(remaining: 2_400, perSecond: 1000);
        float At(double tokens) => _pacer.Explain(Rule(new()), new ExpectedUse(tokens)).Cutoff.Value;

        Assert.Equal(At(1000) * 0.5f, At(500), 2);
        Assert.Equal(At(500), At(10), 3);
        Assert.InRange(At(1_000_000), 1f, 1.001f);
        Assert.EndsWith("; 0.5 of the usual size", _pacer.Explain(Rule(new()), new ExpectedUse(500)).Cutoff.Why);
    }

    [Fact]
    public void Cutoff_RequestsShort_SizeDoesNotMatter()
    {
        Demand(perSecond: 4, seconds: 300);
        _pacer.Update([new QuotaOutlook([new QuotaLine(MeterUnit.Requests, 2, 60, 1, default)])], Patience);

        Assert.InRange(_pacer.Explain(Rule(new()), Usual).Cutoff.Value, 0.72f, 0.78f);
        Assert.Equal(_pacer.Explain(Rule(new()), Usual).Cutoff.Value, _pacer.Explain(Rule(new()), new ExpectedUse(10)).Cutoff.Value);
    }

    [Fact]
    public void Cutoff_PacingDisabled_StaysThoughQuotaIsSpent()
    {
        Update(remaining: -15_000);
        var paced = Cutoff(Rule(new() { Enabled = false }));

        Assert.Equal((0.5f, null, false), (paced.Cutoff.Value, paced.Cutoff.Why, paced.IsPaced));
    }

    [Fact]
    public void Cutoff_TwoProfilesOfOnePool_EachHasItsBounds()
    {
        Demand(perSecond: 4, seconds: 300);
        Update(remaining: 2_400, perSecond: 1000);

        Assert.Equal(0.6f, Cutoff(Rule(new() { MaxCutoff = 0.6 })).Cutoff.Value);
        Assert.Equal(0.9f, Cutoff(Rule(new() { MinCutoff = 0.9 })).Cutoff.Value);
        Assert.InRange(Cutoff(Rule(new())).Cutoff.Value, 0.72f, 0.78f);
    }

    [Fact]
    public void Cutoff_TargetShareWithoutKnownLimits_RaisesTheConfiguredOne()
    {
        Demand(perSecond: 4, seconds: 300);
        _pacer.Update([null], Patience);
        var cutoff = Cutoff(Rule(new() { TargetCloudShare = 0.1 })).Cutoff;

        Assert.Equal(0.9f, cutoff.Value, 2);
        Assert.Equal("target cloud share 0.1", cutoff.Why);
        Assert.Equal(0.5f, Cutoff(Rule(new() { TargetCloudShare = 0.9 })).Cutoff.Value);
    }

    [Fact]
    public void Cutoff_TargetOfFewRequests_ConcludesNothing()
    {
        Demand(perSecond: 1, seconds: 10);
        _pacer.Update([null], Patience);

        Assert.Equal(0.5f, Cutoff(Rule(new() { TargetCloudShare = 0 })).Cutoff.Value);
    }

    [Fact]
    public void Cutoff_TargetQuality_SaysSo()
    {
        Demand(perSecond: 4, seconds: 300);
        Update(remaining: 60_000, perSecond: 1e6);
        var cutoff = Cutoff(Rule(new() { TargetQuality = 0.92 })).Cutoff;

        Assert.Equal(0.4f, cutoff.Value, 2);
        Assert.StartsWith("enough for target quality 0.92; quota slack: ", cutoff.Why);
    }

    [Fact]
    public void Update_WithinATenthOfASecond_LooksOnce()
    {
        Update(remaining: 60_000);
        Assert.False(_pacer.IsDue);
        Update(remaining: -15_000);
        var before = Cutoff(Rule(new())).Cutoff.Value;
        _time.Advance(PoolPacer.Refresh);
        Assert.True(_pacer.IsDue);
        Update(remaining: -15_000);

        Assert.Equal(0.25f, before);
        Assert.InRange(Cutoff(Rule(new())).Cutoff.Value, 1f, 1.001f);
    }

    [Fact]
    public void Explain_AnyNumberOfTimes_ChangesNoDecision()
    {
        var other = new PoolPacer("big", () => 1, _time);
        Demand(perSecond: 4, seconds: 300, pacers: [_pacer, other]);
        Update(remaining: 2_400, perSecond: 1000, pacers: [_pacer, other]);
        for (var i = 0; i < 50; i++)
            _pacer.Explain(Rule(new()), Usual);

        Assert.Equal(other.Cutoff(Rule(new()), Usual).Cutoff.Value, Cutoff(Rule(new())).Cutoff.Value);
    }

    [Fact]
    public void Read_ForMetrics_TellsTheScarcestUnit()
    {
        Assert.Null(_pacer.Read());
        Demand(perSecond: 4, seconds: 300);
        Update(remaining: 2_400, perSecond: 1000);
        Cutoff(Rule(new()));
        var reading = _pacer.Read()!;

        Assert.Equal(("big", 0.5, MeterUnit.Tokens, 1000.0), (reading.Pool, reading.Configured, reading.Unit, reading.Budget));
        Assert.InRange(reading.Cutoff, 0.72, 0.78);
        Assert.InRange(reading.Demand!.Value, 3900, 4100);
        Assert.Equal(0.04, reading.Left!.Value, 6);
    }

    [Fact]
    public void Pool_SameName_IsOnePacer()
    {
        var board = new PacingBoard(() => 1, _time);
        board.Pool("b").Cutoff(Rule(new()), Usual);
        board.Pool("a").Cutoff(Rule(new()), Usual);
        board.Pool("unused");

        Assert.Same(board.Pool("a"), board.Pool("a"));
        Assert.Equal(["a", "b"], board.Read().Select(r => r.Pool));
    }

    [Fact]
    public void Cutoff_ManyThreads_AllAreCounted()
    {
        Update(remaining: 60_000);
        Parallel.For(0, 1000, i =>
        {
            var paced = Cutoff(Rule(new() { MaxCutoff = 1 - (i % 3 * 0.1) }));
            _pacer.Observe(paced, 0.5f, Usual);
            if (_pacer.IsDue)
                Update(remaining: 60_000);
            _pacer.ObserveAnyway(Usual);
        });
        _time.Advance(PoolPacer.Refresh);
        Update(remaining: 60_000);
        Cutoff(Rule(new()));

        // Each of the 2,000 within the first five seconds.
        Assert.InRange(_pacer.Read()!.Demand!.Value, 2000 * 1000 / 5 * 0.95, 2000 * 1000 / 5);
    }

    private static PacingRule Rule(PacingOptions options) => PacingRule.From(options, 0.5f, priced: false);

    private PacedCutoff Cutoff(PacingRule rule, ExpectedUse? use = null) => _pacer.Cutoff(rule, use ?? Usual);

    private void Update(double remaining, double perSecond = 1000, PoolPacer[]? pacers = null)
    {
        foreach (var pacer in pacers ?? [_pacer])
            pacer.Update([new QuotaOutlook([new QuotaLine(MeterUnit.Tokens, remaining, 60_000, perSecond, default)])], Patience);
    }

    /// <summary>Requests with scores that are spread evenly over 0..1; ends when the next update is due.</summary>
    private void Demand(double perSecond, double seconds, ExpectedUse? use = null, PoolPacer[]? pacers = null)
    {
        for (var i = 0; i < perSecond * seconds; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1 / perSecond));
            foreach (var pacer in pacers ?? [_pacer])
            {
                pacer.Update([null], Patience);
                var paced = pacer.Explain(Rule(new()), use ?? Usual);
                pacer.Observe(paced, (float)(i * 0.618033988749894848 % 1), use ?? Usual);
            }
        }
        _time.Advance(PoolPacer.Refresh);
    }
}
