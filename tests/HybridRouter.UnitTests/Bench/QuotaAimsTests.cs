using HybridRouter.Bench;

namespace HybridRouter.UnitTests.Bench;

public sealed class QuotaAimsTests
{
    private static readonly RowFigures Product = new(QuotaRow.MovingCutoff.Name, 4, 100, 100, 0, 0, 0, 0.98, default, 0.7, 0.61);
    private static readonly RowFigures Other = Product with { Row = QuotaRow.FixedCutoff.Name, Answered = 90, Late = 10, Upstream429 = 5, QuotaUsed = 0.5, Quality = 0.60 };

    [Fact]
    public void Judge_AllReached_AllMet() => Assert.All(QuotaAims.Judge([Product, Other]), aim => Assert.True(aim.Met, aim.What));

    [Fact]
    public void Judge_EachFigureThatFallsShort_MissesItsOwnAim()
    {
        Assert.Equal([false, true, true, true], Met(Product with { Answered = 99, Late = 1 }));
        Assert.Equal([true, false, true, true], Met(Product with { Upstream429 = 1 }));
        Assert.Equal([true, true, false, true], Met(Product with { QuotaUsed = 0.9799 }));
        Assert.Equal([true, true, true, false], Met(Product with { Quality = 0.60 }));
    }

    [Fact]
    public void Judge_NoOutcomes_LeavesTheQualityOpen()
    {
        var aims = QuotaAims.Judge([Product with { Quality = null }, Other with { Quality = null }]);

        Assert.Equal([true, true, true, null], aims.Select(a => a.Met));
        Assert.True(Report(aims).Passed);
    }

    [Fact]
    public void Judge_LowerLoads_AreNotJudged()
    {
        var aims = QuotaAims.Judge([Product with { Load = 1, Answered = 0, Upstream429 = 9 }, Other with { Load = 1, Quality = 1 }, Product, Other]);

        Assert.All(aims, aim => Assert.True(aim.Met, aim.What));
    }

    [Fact]
    public void Passed_OneAimMissed_IsFalse() => Assert.False(Report(QuotaAims.Judge([Product with { Upstream429 = 1 }, Other])).Passed);

    [Fact]
    public void Print_Report_ShowsEachRowAndWhatWasMissed()
    {
        using var output = new StringWriter();

        Report(QuotaAims.Judge([Product with { Upstream429 = 1 }, Other])).Print(HybridRouter.Verbs.Terminal.For(output));

        Assert.Contains("router, fixed cutoff", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("100.0 % (100)", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("MISSED", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("too busy", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Print_MachineThatWasTooBusy_SaysSo()
    {
        using var output = new StringWriter();

        (Report([]) with { Clock = new ClockFigures(3, 1.5) }).Print(HybridRouter.Verbs.Terminal.For(output));

        Assert.Contains("3.0 times as fast", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("1.50 s late", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("too busy", output.ToString(), StringComparison.Ordinal);
    }

    private static bool?[] Met(RowFigures product) => [.. QuotaAims.Judge([product, Other]).Select(a => a.Met)];

    private static QuotaReport Report(IReadOnlyList<Aim> aims) => new(new QuotaScenario(), 10, new KeyQuota(4, 1000), [Product, Other], aims, new ClockFigures(15, 0.1));
}
