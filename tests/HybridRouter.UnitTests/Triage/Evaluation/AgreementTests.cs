using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.UnitTests.Triage.Evaluation;

public sealed class AgreementTests
{
    [Fact]
    public void Measure_ByHand_IsCohensKappa()
    {
        // 20 both high, 5 only the reference, 10 only the other, 15 both low: observed 35/50; by chance .5 * .6 + .5 * .4 = .5; (.7 - .5) / .5.
        var figures = Agreement.Measure(Pairs(20, 5, 10, 15))!.All;

        Assert.Equal(new Confusion(20, 5, 10, 15), figures.Confusion);
        Assert.Equal(50, figures.Rows);
        Assert.Equal(0.7, figures.Agreement.Value, 1e-12);
        Assert.Equal(0.4, figures.Kappa!.Value, 1e-12);
        // The pairs of high and low: 20 of 25 times 15 of 25 are in order, 5 * 15 and 20 * 10 tie, 5 * 10 are not.
        Assert.Equal((300 + ((75 + 200) / 2.0)) / 625, figures.Auc!.Value, 1e-12);
        Assert.Equal((35 * 0.1 + 15 * 0.7) / 50, figures.DifficultyGap!.Value, 1e-12);
    }

    [Fact]
    public void Measure_Intervals_HoldTheFigureAndAreTheSameEachTime()
    {
        var figures = Agreement.Measure(Pairs(20, 5, 10, 15))!.All;

        foreach (var estimate in new[] { figures.Agreement, figures.Kappa!, figures.Auc!, figures.DifficultyGap! })
        {
            Assert.InRange(estimate.Value, estimate.Interval!.Low, estimate.Interval.High);
            Assert.True(estimate.Interval.Low < estimate.Interval.High);
        }
        Assert.Equal(figures, Agreement.Measure(Pairs(20, 5, 10, 15))!.All);
    }

    [Fact]
    public void Measure_OneLabelOnly_HasNoKappaAndNoAuc()
    {
        var figures = Agreement.Measure(Pairs(7, 0, 0, 0))!.All;

        Assert.Equal(1, figures.Agreement.Value);
        Assert.Equal((null, null), (figures.Kappa, figures.Auc));
    }

    [Fact]
    public void Measure_WithoutDifficulties_HasNoFigureOfThem()
    {
        var figures = Agreement.Measure([new(true, null, true, null, "a"), new(false, 0.1, false, null, "a")])!.All;

        Assert.Equal((null, null), (figures.Auc, figures.DifficultyGap));
        Assert.Null(Agreement.Measure([]));
    }

    [Fact]
    public void Measure_Kinds_AreMeasuredApart()
    {
        var report = Agreement.Measure([new(true, 0.9, true, 0.9, "sql"), new(true, 0.9, false, 0.2, "task"), new(false, 0.1, false, 0.2, "task"), new(false, 0.1, false, 0.2, "")])!;

        Assert.Equal([("task", 2, 0.5), ("sql", 1, 1.0)], report.Kinds.Select(k => (k.Kind, k.Figures.Rows, k.Figures.Agreement.Value)));
        Assert.Equal(4, report.All.Rows);
    }

    [Fact]
    public void Pair_RowsOfTwoFiles_AreJoinedById()
    {
        DatasetRow[] reference = [new(1, "a", "p", true, 0.9) { Kind = "sql" }, new(2, "b", "p", null), new(3, "c", "p", false), new(4, "d", "p", false, 0.2)];
        DatasetRow[] other = [new(1, "d", "p", true, 0.7) { Kind = "task" }, new(2, "a", "p", true, 0.8) { Kind = "debug" }, new(3, "b", "p", true), new(4, "c", "p", null)];

        Assert.Equal([new(true, 0.9, true, 0.8, "sql"), new(false, 0.2, true, 0.7, "task")], Agreement.Pair(reference, other));
    }

    private static List<JudgedPair> Pairs(int bothHigh, int missed, int extra, int bothLow) =>
    [
        .. Enumerable.Repeat(new JudgedPair(true, 0.9, true, 0.8, "k"), bothHigh),
        .. Enumerable.Repeat(new JudgedPair(true, 0.9, false, 0.2, "k"), missed),
        .. Enumerable.Repeat(new JudgedPair(false, 0.1, true, 0.8, "k"), extra),
        .. Enumerable.Repeat(new JudgedPair(false, 0.1, false, 0.2, "k"), bothLow),
    ];
}
