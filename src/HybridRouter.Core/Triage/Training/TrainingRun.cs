using HybridRouter.Embedding;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.Triage.Training;

/// <param name="TrainFile">Labelled JSONL.</param>
/// <param name="HoldoutFile">Labelled JSONL that training must not see, or null.</param>
/// <param name="OutputFolder">Where the three files of the model go; made when missing.</param>
public sealed record TrainingRunOptions(string TrainFile, string? HoldoutFile, string OutputFolder)
{
    public TrainingOptions Training { get; init; } = new();

    /// <summary>The files of a domain by their fixed names: <c>code.train.jsonl</c>, <c>code.holdout.jsonl</c>, folder <c>code</c>.</summary>
    public static TrainingRunOptions Of(string dataFolder, string outputFolder, PromptDomain domain, ISentenceEncoder? encoder = null)
    {
        var holdout = Path.Combine(dataFolder, $"{NameOf(domain)}.holdout.jsonl");
        return new TrainingRunOptions(TrainFileOf(dataFolder, domain), File.Exists(holdout) ? holdout : null, Path.Combine(outputFolder, NameOf(domain)))
        {
            Training = TrainingOptions.For(domain) with { Encoder = encoder },
        };
    }

    public static string TrainFileOf(string dataFolder, PromptDomain domain) => Path.Combine(dataFolder, $"{NameOf(domain)}.train.jsonl");

    private static string NameOf(PromptDomain domain) => domain == PromptDomain.Code ? "code" : "video";
}

/// <param name="CrossValidated">On the training rows, each scored by a model that had not seen it.</param>
/// <param name="Holdout">On the hold-out, or null without one.</param>
public sealed record TrainingRunResult(ModelMetadata Metadata, EvaluationReport CrossValidated, EvaluationReport? Holdout);

/// <summary>What the verb <c>train</c> does: read, fit, measure, write.</summary>
public static class TrainingRun
{
    /// <exception cref="DatasetException">A data file cannot be used.</exception>
    public static TrainingRunResult Execute(TrainingRunOptions options)
    {
        var rows = DatasetReader.Read(options.TrainFile);
        var holdoutRows = options.HoldoutFile is null ? null : DatasetReader.Read(options.HoldoutFile);
        var model = Trainer.Train(rows, options.Training);
        var version = ModelFolder.VersionOf(options.Training, model.Linear);
        var crossValidated = Evaluator.Evaluate(version, model.Cutoff, model.Rows, model.CrossValidated);
        EvaluationReport? holdout = null;
        if (holdoutRows is not null)
        {
            using var classifier = model.ToClassifier(version);
            holdout = Evaluator.Evaluate(classifier, model.Cutoff, holdoutRows);
        }
        return new TrainingRunResult(ModelFolder.Save(model, crossValidated, holdout, options.OutputFolder), crossValidated, holdout);
    }
}
