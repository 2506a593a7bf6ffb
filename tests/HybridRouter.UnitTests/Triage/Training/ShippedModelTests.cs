using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Training;

namespace HybridRouter.UnitTests.Triage.Training;

/// <summary>The data and the model in the repository keep what the cards promise.</summary>
public sealed class ShippedModelTests
{
    [Fact]
    public void Data_Rows_AreEnoughBalancedAndVaried()
    {
        var rows = All();

        Assert.True(rows.Count(r => r.Kind is not ("math" or "quiz")) >= 4_000, $"{rows.Count} rows");
        Assert.InRange((double)rows.Count(r => r.Label == true) / rows.Count, 0.45, 0.55);
        Assert.All(rows, r => Assert.Equal(r.Label, r.Difficulty >= 0.5));
        Assert.True(rows.Select(r => r.Human).Distinct().Count(h => h.Length > 0) >= 13);
        Assert.True(rows.Select(r => r.Kind).Distinct().Count() >= 15);
    }

    [Fact]
    public void Data_Length_PredictsNothing()
    {
        var rows = All();

        Assert.InRange(LengthAuc(rows), 0.45, 0.60);
        Assert.All(rows.GroupBy(r => r.Kind), kind => Assert.InRange(LengthAuc(kind), 0.45, 0.60));
    }

    [Fact]
    public void Data_NearDuplicates_NeverStraddleTheSplit()
    {
        var train = ShippedTriage.Train();
        var holdout = ShippedTriage.Holdout();

        var pairs = NearDuplicates.Pairs([.. train.Concat(holdout).Select(r => r.Prompt)]);

        Assert.DoesNotContain(pairs, p => p.First < train.Count != p.Second < train.Count);
        Assert.Empty(train.Select(r => r.Id).Intersect(holdout.Select(r => r.Id)));
        Assert.InRange((double)holdout.Count / (train.Count + holdout.Count), 0.13, 0.17);
    }

    [Fact]
    public void Data_Holdout_HasEveryKindAndBothLabels()
    {
        var holdout = ShippedTriage.Holdout();

        Assert.All(All().Select(r => r.Kind).Distinct(), kind =>
        {
            Assert.Contains(holdout, r => r.Kind == kind && r.Label == true);
            Assert.Contains(holdout, r => r.Kind == kind && r.Label == false);
        });
    }

    [Fact]
    public void Model_OnTheHoldout_KeepsItsFloors()
    {
        using var classifier = ShippedTriage.Classifier();

        var figures = Evaluator.Evaluate(classifier, classifier.Cutoff, ShippedTriage.Holdout()).Labelled!;

        Assert.True(figures.Auc >= 0.80, $"AUC {figures.Auc}");
        Assert.True(figures.Auc >= figures.LengthAuc + 0.2, $"length {figures.LengthAuc}");
        Assert.True(figures.Accuracy >= 0.72, $"accuracy {figures.Accuracy}");
        Assert.True(figures.FalseLocalRate <= 0.33, $"false local {figures.FalseLocalRate}");
        Assert.True(figures.GainCalibrationError <= 0.06, $"calibration {figures.GainCalibrationError}");
    }

    [Fact]
    public void Model_TrainedAgain_IsTheOneInTheRepository()
    {
        var again = Trainer.Train(ShippedTriage.Train(), new TrainingOptions());
        using var retrained = again.ToClassifier("again");
        using var shipped = ShippedTriage.Classifier();

        // Another processor may round differently, so scores are compared and not weights.
        Assert.Equal(shipped.Cutoff, again.Cutoff, 0.021f);
        Assert.All(ShippedTriage.Holdout(), r => Assert.Equal(shipped.Score(r.ToInput()), retrained.Score(r.ToInput()), 0.01f));
    }

    private static List<DatasetRow> All() => [.. ShippedTriage.Train(), .. ShippedTriage.Holdout()];

    private static double LengthAuc(IEnumerable<DatasetRow> rows) =>
        Ranking.Auc(rows.Select(r => ((double)r.Prompt.Length, r.Label == true)))!.Value;
}
