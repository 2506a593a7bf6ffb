using HybridRouter.Triage.Evaluation;

namespace HybridRouter.UnitTests.Triage.Evaluation;

public sealed class RankingTests
{
    [Fact]
    public void Auc_OneOfFourPairsWrong_IsThreeQuarters()
    {
        Assert.Equal(0.75, Ranking.Auc([(0.9, true), (0.4, true), (0.6, false), (0.1, false)]));
    }

    [Fact]
    public void Auc_Ties_CountOneHalf()
    {
        Assert.Equal(0.5, Ranking.Auc([(1, true), (1, false), (1, true)]));
        Assert.Null(Ranking.Auc([(1, true)]));
    }

    [Fact]
    public void AucMacro_SmallGroups_AreLeftOut()
    {
        var good = Enumerable.Range(0, 30).Select(i => ((double)i, i >= 15, "good"));
        var bad = Enumerable.Range(0, 30).Select(i => ((double)i, i < 15, "bad"));
        var small = Enumerable.Range(0, 29).Select(i => ((double)i, i < 15, "small"));

        Assert.Equal(0.5, Ranking.AucMacro([.. good, .. bad, .. small]));
        Assert.Null(Ranking.AucMacro(small));
    }

    [Fact]
    public void Apgr_PerfectOrder_IsTheAreaUnderTheCurve()
    {
        // Gains 1, 1, 0, 0: PGR rises to 1 at half of the calls, so the area is 0.25 + 0.5.
        (double, double, double)[] rows = [(4, 0, 1), (3, 0, 1), (2, 1, 1), (1, 1, 1)];

        Assert.Equal(0.75, Ranking.Apgr(rows)!.Value, 1e-12);
        Assert.Equal(0.25, Ranking.Apgr(rows.Select(r => (-r.Item1, r.Item2, r.Item3)))!.Value, 1e-12);
    }

    [Fact]
    public void Apgr_AllTied_IsOneHalfAndWithoutGapNull()
    {
        Assert.Equal(0.5, Ranking.Apgr([(1, 0, 1), (1, 1, 1), (1, 0.5, 1)])!.Value, 1e-12);
        Assert.Null(Ranking.Apgr([(1, 1, 0), (2, 1, 1)]));
        Assert.Null(Ranking.Apgr([]));
    }

    [Fact]
    public void CalibrationError_TwoBins_WeighsThemByRows()
    {
        // Bin 0.6: four rows, 0.05 apart in sum; bin 0.5: one row, 0.55 apart.
        Assert.Equal(0.12, Ranking.CalibrationError([(0.6, 1), (0.6, 0), (0.65, 1), (0.55, 0), (0.6, 0.5)]), 1e-12);
        Assert.Equal(0, Ranking.CalibrationError([(0.5, 1), (0.5, 0)]), 1e-12);
    }
}
