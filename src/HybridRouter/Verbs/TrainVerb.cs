using System.CommandLine;
using System.Text.Json;
using HybridRouter.Composition;
using HybridRouter.Triage.Training;

namespace HybridRouter.Verbs;

internal static class TrainVerb
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "Folder with code.train.jsonl and, if wanted, code.holdout.jsonl. Default: classifier-data of the repository.", HelpName = "DIR" };
        var output = new Option<string?>("--out") { Description = "Folder for the model. Default: models/triage.", HelpName = "DIR" };
        var json = VerbKit.AsJson();
        var command = VerbKit.Verb("train", "Trains the triage classifier (ML.NET logistic regression) and writes the model with its card.", "train", "train --data ./my-prompts --out ./my-model");
        foreach (var option in (Option[])[data, output, json])
            command.Options.Add(option);
        command.Run(async (result, _) =>
        {
            var folder = result.GetValue(data) ?? ProductFiles.ClassifierData;
            var holdout = Path.Combine(folder, "code.holdout.jsonl");
            var target = result.GetValue(output) ?? ProductFiles.TriageModel;
            var run = TrainingRun.Execute(new TrainingRunOptions(Path.Combine(folder, "code.train.jsonl"), File.Exists(holdout) ? holdout : null, target));
            if (result.GetValue(json))
            {
                await result.Output().WriteLineAsync(JsonSerializer.Serialize(run, VerbKit.Json));
                return ExitCode.Ok;
            }
            await result.Output().WriteLineAsync("Cross-validated on the training rows:\n" + EvaluationTable.Render(run.CrossValidated));
            if (run.Holdout is { } report)
                await result.Output().WriteLineAsync("Hold-out:\n" + EvaluationTable.Render(report));
            await result.Output().WriteLineAsync($"Wrote {run.Metadata.Version} to {target}; a running gateway takes it at its next start.");
            return ExitCode.Ok;
        });
        return command;
    }
}
