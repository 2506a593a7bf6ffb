using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Training;

namespace HybridRouter.UnitTests.Triage.Training;

public sealed class TrainerTests
{
    private static readonly IReadOnlyList<DatasetRow> Small =
        [.. ShippedTriage.Train().GroupBy(r => (r.Kind, r.Label)).SelectMany(g => g.Take(6))];

    [Fact]
    public void Train_SameDataTwice_GivesTheSameWeightsAndCutoff()
    {
        var first = Trainer.Train(Small, new TrainingOptions());
        var second = Trainer.Train(Small, new TrainingOptions());

        Assert.Equal(first.Linear.Hash(), second.Linear.Hash());
        Assert.Equal(first.CrossValidated, second.CrossValidated);
        Assert.Equal(first.Cutoff, second.Cutoff);
    }

    [Fact]
    public void Train_OneLabelOnly_IsRefused()
    {
        Assert.Throws<DatasetException>(() => Trainer.Train([.. Small.Where(r => r.Label == true)], new TrainingOptions()));
    }

    [Fact]
    public void Train_KindPrior_MovesTheScoresOfThatKind()
    {
        var kind = new TrainingOptions { KindPriors = new Dictionary<string, double> { ["stub"] = 0.1 } };

        var plain = Trainer.Train(Small, new TrainingOptions { KindPriors = new Dictionary<string, double>() });
        var weighted = Trainer.Train(Small, kind);

        Assert.True(MeanOf(weighted, "stub") < MeanOf(plain, "stub") - 0.05);
    }

    [Fact]
    public void Execute_WritesAFolderThatLoadsAndScoresAlike()
    {
        using var folder = new TemporaryFolder();
        var train = Path.Combine(folder.Path, "train.jsonl");
        File.WriteAllLines(train, File.ReadLines(ShippedTriage.TrainFile).Where((_, i) => i % 5 == 0));
        var options = new TrainingRunOptions(train, ShippedTriage.HoldoutFile, Path.Combine(folder.Path, "model"));

        var result = TrainingRun.Execute(options);

        using var classifier = MlPromptClassifier.Load(options.OutputFolder);
        var report = Evaluator.Evaluate(classifier, classifier.Cutoff, ShippedTriage.Holdout());
        Assert.Equal(result.Metadata.Version, classifier.Version);
        Assert.Equal(result.Holdout!.Labelled!.Auc, report.Labelled!.Auc);
        Assert.Contains(classifier.Version, File.ReadAllText(Path.Combine(options.OutputFolder, ModelFolder.CardFileName)), StringComparison.Ordinal);
    }

    private static double MeanOf(TrainedModel model, string kind) =>
        model.Rows.Zip(model.CrossValidated).Where(x => x.First.Kind == kind).Average(x => x.Second);
}
