using HybridRouter.Learning.Gate;

namespace HybridRouter.UnitTests.Learning.Gate;

public sealed class PromotionGateTests
{
    private static readonly GateOptions Rules = new();

    [Fact]
    public void Judge_SameOnTheHoldoutAndBetterOnTraffic_Promotes()
    {
        var verdict = PromotionGate.Judge(Input(), Rules);

        Assert.True(verdict.Promote, verdict.Summary);
        Assert.Empty(verdict.Reasons);
        Assert.True(verdict.TrafficAuc!.Low > 0 && verdict.TrafficAuc.Low <= verdict.TrafficAuc.Difference && verdict.TrafficAuc.Difference <= verdict.TrafficAuc.High);
        Assert.True(verdict.LeastWithoutOneCaller > 0);
        Assert.Contains("passed the gate", verdict.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_TheSameModel_IsRefused() =>
        Refused(Input() with { Traffic = [.. Traffic().Select(t => t with { Candidate = t.Current })] }, "not surely better");

    [Fact]
    public void Judge_WorseOnTheHoldout_IsRefused() =>
        Refused(Input() with { Holdout = [.. Holdout().Select((r, i) => i % 3 == 0 ? r with { Candidate = 1 - r.Candidate } : r)] }, "on the hold-out its AUC is lower by");

    [Fact]
    public void Judge_TrafficHarmedTheTrainingRows_IsRefused()
    {
        Refused(Input() with { CrossValidated = new PairedFigure(0.85, 0.846, -0.004, -0.011, 0.003) }, "on the training rows its AUC may be lower by 0.011");
        Refused(Input() with { CrossValidated = null }, "is not known");
    }

    [Fact]
    public void Judge_HoldoutThatCannotExcludeHarm_IsRefused() =>
        Refused(Input() with { Holdout = [.. Holdout().Take(60).Select((r, i) => r with { Candidate = (float)Math.Clamp(r.Candidate + (0.3 * ((i * 37 % 11 / 10.0) - 0.5)), 0, 1) })] }, "on the hold-out its AUC");

    [Fact]
    public void Judge_MoreHardPromptsKeptLocal_IsRefused()
    {
        // The order stays, so the AUC does: only the scale moved under the cutoff.
        var verdict = Refused(Input() with { Holdout = [.. Holdout().Select(r => r with { Candidate = r.Candidate * 0.5f })] }, "of the hard prompts local");

        Assert.Equal(0, verdict.HoldoutAuc!.Difference, 9);
    }

    [Fact]
    public void Judge_TooFewJudgements_IsRefused() => Refused(Input() with { Traffic = [.. Traffic().Take(99)] }, "99 judged requests");

    [Fact]
    public void Judge_JudgementsThatSayNothing_AreNotCounted() =>
        Refused(Input() with { Traffic = [.. Traffic().Select((t, i) => i < 150 ? t with { Target = 0.5 } : t)] }, "50 judged requests");

    [Fact]
    public void Judge_OneSortOnly_IsRefused() =>
        Refused(Input() with { Traffic = [.. Traffic().Where((t, i) => !t.Failed || i < 19)] }, "of either sort are needed");

    [Fact]
    public void Judge_TwoCallers_IsRefused() =>
        Refused(Input() with { Traffic = [.. Traffic().Select((t, i) => t with { Caller = i % 2 == 0 ? "a" : "b" })] }, "from 2 callers");

    [Fact]
    public void Judge_AnOnlyCallerOfTheInstallation_Promotes()
    {
        var alone = Input() with { Traffic = [.. Traffic().Select(t => t with { Caller = "" })] };

        Assert.True(PromotionGate.Judge(alone with { OnlyCaller = true }, Rules).Promote);
        Refused(alone, "from 1 callers");
    }

    [Fact]
    public void Judge_BetterByOneCallersWordAlone_IsRefused()
    {
        var traffic = Traffic().Select((t, i) => i < 100 ? t with { Caller = "loud" } : t with { Candidate = t.Current, Caller = $"c{i % 4}" });

        Refused(Input() with { Traffic = [.. traffic] }, "by one caller's judgements alone");
    }

    [Fact]
    public void Judge_ManyTries_AsksForMore()
    {
        var once = PromotionGate.Judge(Input(), Rules);
        var tenth = PromotionGate.Judge(Input() with { Tries = 10 }, Rules);

        Assert.Equal((0.95, 0.995), (once.Level, Math.Round(tenth.Level, 6)));
        Assert.True(tenth.TrafficAuc!.Low < once.TrafficAuc!.Low);
    }

    [Fact]
    public void Judge_Nothing_IsRefusedInWords()
    {
        var verdict = PromotionGate.Judge(new GateInput([], [], 0.5f, 0.5f, OnlyCaller: false, null), Rules);

        Assert.False(verdict.Promote);
        Assert.Contains("the hold-out has no rows of both labels", verdict.Reasons);
        Assert.NotEqual("", verdict.Render());
    }

    [Fact]
    public void Compare_KnownRows_GivesTheWeightedAuc()
    {
        // One positive of weight 3 above the negative, one of weight 1 below it.
        var figure = new PairedAuc([new(true, 3, 0.9f, 0.1f), new(true, 1, 0.1f, 0.9f), new(false, 2, 0.5f, 0.5f)]).Compare(0.95)!;

        Assert.Equal((0.75, 0.25), (figure.Current, figure.Candidate));
        Assert.Equal(-0.5, figure.Difference, 9);
        Assert.Equal(0.5, new PairedAuc([new(true, 1, 0.5f, 0.5f), new(false, 1, 0.5f, 0.5f)]).Compare(0.95)!.Current);
        Assert.Null(new PairedAuc([new(true, 1, 0.5f, 0.5f)]).Compare(0.95));
    }

    private static GateVerdict Refused(GateInput input, string reason)
    {
        var verdict = PromotionGate.Judge(input, Rules);
        Assert.False(verdict.Promote);
        Assert.Contains(verdict.Reasons, r => r.Contains(reason, StringComparison.Ordinal));
        return verdict;
    }

    private static GateInput Input() => new(Holdout(), Traffic(), 0.5f, 0.5f, OnlyCaller: false, new PairedFigure(0.85, 0.85, 0, -0.001, 0.001));

    /// <summary>Both models do the same, well.</summary>
    private static List<HoldoutScore> Holdout()
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, 300).Select(i =>
        {
            var score = (float)Math.Clamp((i % 2 == 0 ? 0.65 : 0.35) + ((random.NextDouble() - 0.5) * 0.5), 0, 1);
            return new HoldoutScore(i % 2 == 0, score, score);
        })];
    }

    /// <summary>The model in force throws coins; the candidate knows something.</summary>
    private static List<TrafficScore> Traffic()
    {
        var random = new Random(6);
        return [.. Enumerable.Range(0, 200).Select(i =>
        {
            var failed = random.NextDouble() < 0.4;
            return new TrafficScore(failed ? 0.9 : 0.1, 0.6, $"caller-{i % 5}", (float)random.NextDouble(), (float)((0.6 * random.NextDouble()) + (failed ? 0.3 : 0)));
        })];
    }
}
