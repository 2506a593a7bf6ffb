using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Drift;
using HybridRouter.Triage.Training;

namespace HybridRouter.UnitTests.Triage.Drift;

public sealed class DriftTests
{
    private static readonly Lazy<TrainedModel> Small = new(() =>
        Trainer.Train([.. ShippedTriage.Train().Where((_, i) => i % 4 == 0)], new TrainingOptions { Folds = 2 }));

    [Fact]
    public void Index_TheSameShares_IsNearlyNothing() => Assert.Equal(0, PopulationStability.Index([0.25, 0.25, 0.5], [250, 250, 500]), 3);

    [Fact]
    public void Index_AKnownShift_IsTheTextbookValue()
    {
        // (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5)
        Assert.Equal(0.0405, PopulationStability.Index([0.5, 0.5], [60_000, 40_000]), 4);
        Assert.True(PopulationStability.Index([0.5, 0.5], [100, 900]) > 0.25);
    }

    [Fact]
    public void Index_EmptyBins_StaysFinite()
    {
        Assert.True(double.IsFinite(PopulationStability.Index([1, 0], [0, 100])));
        Assert.Equal(0, PopulationStability.Index([0.5, 0.5], [0, 0]));
    }

    [Fact]
    public void Fit_MostlyZero_HasFewBinsThatAllHoldSomething()
    {
        var feature = DriftFeature.Fit("f", 0, [.. Enumerable.Range(0, 100).Select(i => i < 70 ? 0f : i / 100f)], [.. Enumerable.Repeat(1.0, 100)]);

        Assert.Equal(0f, feature.Edges[0]);
        Assert.Equal(0.7, feature.Shares[0], 6);
        Assert.All(feature.Shares, s => Assert.True(s > 0));
        Assert.Equal(1, feature.Shares.Sum(), 4);
        Assert.True(feature.IsUsable);
    }

    [Fact]
    public void Fit_AlwaysTheSame_HasOneBin() => Assert.Single(DriftFeature.Fit("f", 0, [2f, 2f, 2f], [1, 1, 1]).Shares);

    [Fact]
    public void Observe_TheRowsItWasTrainedOn_HaveNotMoved()
    {
        var reading = Feed(Small.Value.Rows, Small.Value.CrossValidated);

        Assert.Equal("score", reading.Features[0].Feature);
        Assert.InRange(reading.Features.Count, 10, DriftReference.MaxFeatures + 1);
        Assert.All(reading.Features, f => Assert.True(f.Psi < 0.02, $"{f.Feature} {f.Psi}"));
    }

    [Fact]
    public void Observe_OtherRowsOfTheSameKind_AreBelowTheAlarm()
    {
        using var model = Small.Value.ToClassifier("small");
        var rows = ShippedTriage.Holdout();

        var reading = Feed(rows, [.. rows.Select(r => model.Score(r.ToInput()))]);

        Assert.All(reading.Features, f => Assert.True(f.Psi < 0.25, $"{f.Feature} {f.Psi}"));
    }

    [Fact]
    public void Observe_AnotherSortOfPrompts_IsSeen_AndForgottenWhenItIsGone()
    {
        var monitor = new DriftMonitor(Small.Value.Drift!, PromptDomain.Code, 200);
        for (var i = 0; i < 200; i++)
            monitor.Observe(TriageInput.FromPrompt($"hola, cambia el texto {i}"), 0.1f);

        Assert.True(monitor.Read().Features[0].Psi > 1);
        Assert.True(monitor.Read().Features.Count(f => f.Psi > 0.25) > 5);

        for (var i = 0; i < 200; i++)
        {
            var row = i * Small.Value.Rows.Count / 200;
            monitor.Observe(Small.Value.Rows[row].ToInput(), Small.Value.CrossValidated[row]);
        }
        Assert.All(monitor.Read().Features, f => Assert.True(f.Psi < 0.25, $"{f.Feature} {f.Psi}"));
    }

    [Fact]
    public void Read_LessThanHalfAWindow_TellsNothing()
    {
        var monitor = new DriftMonitor(Small.Value.Drift!, PromptDomain.Code, 10);
        for (var i = 0; i < 4; i++)
            monitor.Observe(TriageInput.FromPrompt("hello"), 0.1f);

        Assert.Equal((4, 0), (monitor.Read().Prompts, monitor.Read().Features.Count));
    }

    [Fact]
    public void Write_Read_IsTheSame_AndDamageIsNone()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(DriftReference.TryRead(folder.Path));
        Small.Value.Drift!.Write(folder.Path);

        var read = DriftReference.TryRead(folder.Path)!;
        Assert.Equal(Small.Value.Drift!.Features.Select(f => (f.Name, f.Index, string.Join(' ', f.Edges))), read.Features.Select(f => (f.Name, f.Index, string.Join(' ', f.Edges))));

        File.WriteAllText(Path.Combine(folder.Path, DriftReference.FileName), "{");
        Assert.Null(DriftReference.TryRead(folder.Path));
    }

    [Fact]
    public void Crossed_AFeatureThatSwings_IsToldOnceForEachCrossing()
    {
        var alarm = new DriftAlarm(0.25);
        int Told(double psi) => alarm.Crossed(new DriftReading(100, 100, [new FeatureDrift("f", psi)])).Count;

        Assert.Equal([0, 1, 0, 0, 0, 0, 1], new[] { 0.2, 0.3, 0.3, 0.22, 0.26, 0.19, 0.3 }.Select(Told));
    }

    private static DriftReading Feed(IReadOnlyList<DatasetRow> rows, IReadOnlyList<float> scores)
    {
        var monitor = new DriftMonitor(Small.Value.Drift!, PromptDomain.Code, rows.Count);
        for (var i = 0; i < rows.Count; i++)
            monitor.Observe(rows[i].ToInput(), scores[i]);
        return monitor.Read();
    }
}
