using HybridRouter.Learning;
using HybridRouter.Learning.Retraining;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Registry;
using HybridRouter.Triage.Training;
using HybridRouter.UnitTests.Triage;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Learning.Retraining;

/// <summary>A quarter of the shipped data with a model of its own, so that a test may train often. The hold-out is whole.</summary>
internal sealed class SmallInstallation : IDisposable
{
    public static readonly TrainingOptions Options = new() { Folds = 2 };

    public static readonly IReadOnlyList<DatasetRow> Rows = [.. ShippedTriage.Train().Where((_, i) => i % 4 == 0)];

    private static readonly Lazy<TrainedModel> Base = new(() => Trainer.Train(Rows, Options));

    private readonly TemporaryFolder _folder = new();

    public SmallInstallation()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllLines(Path.Combine(Data, "code.train.jsonl"), File.ReadLines(ShippedTriage.TrainFile).Where((_, i) => i % 4 == 0));
        File.Copy(ShippedTriage.HoldoutFile, Path.Combine(Data, "code.holdout.jsonl"));
        ModelFolder.Save(Base.Value, Evaluator.Evaluate("base", Base.Value.Cutoff, Base.Value.Rows, Base.Value.CrossValidated), null, Shipped);
        Registry = new ModelRegistry(ModelRegistry.FolderIn(_folder.Path), Shipped, Time);
        Training = new CandidateTraining(Registry, Data, Time) { Training = Options };
    }

    public static TrainedModel Model => Base.Value;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));

    public string Data => Path.Combine(_folder.Path, "data");

    public string Storage => _folder.Path;

    public string Shipped => Path.Combine(_folder.Path, "shipped");

    public ModelRegistry Registry { get; }

    public CandidateTraining Training { get; }

    public void Dispose() => _folder.Dispose();
}
