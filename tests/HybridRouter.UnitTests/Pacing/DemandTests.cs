using HybridRouter.Configuration;
using HybridRouter.Pacing;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Pacing;

public sealed class DemandTests
{
    private static readonly PacingRule Free = PacingRule.From(new PacingOptions { MinCutoff = 0 }, 0.5f, priced: false);

    private readonly Demand _demand = new();

    [Fact]
    public void PriceFor_Budget_LetsThroughWhatFits()
    {
        Add(0.2f, 100);
        Add(0.6f, 100);
        Add(0.8f, 200);

        // 400 tokens in one second: what fits into 200 is the hardest, and half of the next into 250.
        Assert.InRange(Price(199), 0.796, 0.804);
        Assert.InRange(Price(201), 0.596, 0.604);
        Assert.InRange(Price(250), Price(299), Price(201));
        Assert.Equal((Price(201) + Price(299)) / 2, Price(250), 4);
        Assert.InRange(Price(301), 0.196, 0.204);
        Assert.Equal(0, Price(401));
        Assert.Equal(Demand.HighestPrice, Price(0));
    }

    [Fact]
    public void PriceFor_NoDemandYet_EverythingFits() => Assert.Equal(0, _demand.PriceFor(MeterUnit.Tokens, 1, 0));

    [Fact]
    public void PriceFor_SmallAndLarge_ATokenIsWorthTheSameScore()
    {
        _demand.Add(0.3f, new ExpectedUse(100), new RelativeSize(0.5, 1), Free, 0);
        _demand.Add(0.3f, new ExpectedUse(400), new RelativeSize(2, 1), Free, 0);

        Assert.InRange(Price(99), 0.596, 0.604);
        Assert.InRange(Price(101), 0.146, 0.154);
        // The number of requests is blind to their size.
        Assert.InRange(_demand.PriceFor(MeterUnit.Requests, 1, 2), 0.296, 0.304);
    }

    [Fact]
    public void PriceFor_ScoreBelowTheLowestCutoff_IsNoDemand()
    {
        var rule = PacingRule.From(new PacingOptions { MinCutoff = 0.4 }, 0.5f, priced: false);
        _demand.Add(0.39f, new ExpectedUse(100), RelativeSize.Usual, rule, 0);
        _demand.Add(0.41f, new ExpectedUse(100), RelativeSize.Usual, rule, 0);

        Assert.Equal(0, Price(101));
        Assert.InRange(Price(99), 0.4, 0.415);
    }

    [Fact]
    public void PriceFor_ScoreThatAlwaysGoes_NoPriceStopsIt()
    {
        var rule = PacingRule.From(new PacingOptions { MinCutoff = 0, MaxCutoff = 0.7 }, 0.5f, priced: false);
        _demand.Add(0.9f, new ExpectedUse(100), RelativeSize.Usual, rule, 0);
        _demand.Add(0.6f, new ExpectedUse(100), RelativeSize.Usual, rule, 0);

        Assert.InRange(Price(50), 1.9, 2);
        Assert.InRange(Price(101), 0.596, 0.604);
    }

    [Fact]
    public void CutoffForShare_CountsWhatMustGo()
    {
        for (var i = 0; i < 90; i++)
            Add((i + 0.5f) / 90, 1);
        for (var i = 0; i < 10; i++)
            _demand.AddAnyway(new ExpectedUse(1));

        // Of 100 requests 10 go anyway: 20 of the others may, which are those above 70/90.
        Assert.InRange(_demand.CutoffForShare(0.3), (70.0 / 90) - 0.01, (70.0 / 90) + 0.01);
        Assert.Equal(0, _demand.CutoffForShare(1));
        Assert.Equal(1, _demand.CutoffForShare(0.05), 2);
    }

    [Fact]
    public void CutoffForQuality_KeepsTheSimplestAtHome()
    {
        for (var i = 0; i < 1000; i++)
            Add((i + 0.5f) / 1000, 1);

        // Answering all below c locally loses c * c / 2.
        Assert.Equal(0.4, _demand.CutoffForQuality(0.92), 2);
        Assert.Equal(0, _demand.CutoffForQuality(1), 2);
        Assert.Equal(1, _demand.CutoffForQuality(0.4));
    }

    [Fact]
    public void Pass_Minute_RateIsForgottenAndShapeIsNot()
    {
        Add(0.8f, 100);
        for (var i = 0; i < 9; i++)
            Add(0.2f, 100);
        var (rate, longRate) = (_demand.PerSecond(false), _demand.PerSecond(true));
        _demand.Pass(60);

        Assert.InRange(_demand.PerSecond(false) / rate, 0.01, 0.1);
        Assert.InRange(_demand.PerSecond(true) / longRate, 0.01, 0.1);
        Assert.Equal(10 * Math.Exp(-0.1), _demand.Count, 6);
        Assert.Equal(100, _demand.Usual(MeterUnit.Tokens), 6);
    }

    [Fact]
    public void PerSecond_SteadyForLong_IsTheRate()
    {
        for (var i = 0; i < 6000; i++)
        {
            Add(0.5f, 100);
            _demand.AddAnyway(new ExpectedUse(40, 8));
            _demand.Pass(0.5);
        }

        Assert.Equal(2, _demand.PerSecond(false), 1);
        Assert.Equal(2, _demand.PerSecond(true), 1);
        Assert.InRange(_demand.Anyway(MeterUnit.Tokens), 78, 82);
        Assert.InRange(_demand.Anyway(MeterUnit.MicroDollars), 15.6, 16.4);
    }

    private void Add(float score, double tokens) => _demand.Add(score, new ExpectedUse(tokens), RelativeSize.Usual, Free, 0);

    /// <summary>As if all had come within one second.</summary>
    private double Price(double budget) => _demand.PriceFor(MeterUnit.Tokens, budget, _demand.Count);
}
