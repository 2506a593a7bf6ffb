using System.CommandLine;
using System.Text.Json;
using HybridRouter.Composition;
using HybridRouter.Embedding;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Training;

namespace HybridRouter.Verbs;

internal static class TrainVerb
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "Folder with code.train.jsonl or video.train.jsonl or both, and a .holdout.jsonl beside each if wanted. Default: classifier-data of the repository.", HelpName = "DIR" };
        var output = new Option<string?>("--out") { Description = "Folder for the models, in subfolders code and video. Default: models/triage.", HelpName = "DIR" };
        var noEmbedding = EvaluateVerb.NoEmbedding();
        var json = VerbKit.AsJson();
        var command = VerbKit.Verb("train", "Trains the triage classifiers (ML.NET logistic regression) and writes each model with its card.", "train", "train --data ./my-prompts --out ./my-model");
        foreach (var option in (Option[])[data, output, noEmbedding, json])
            command.Options.Add(option);
        command.Run(async (result, _) =>
        {
            var folder = result.GetValue(data) ?? ProductFiles.ClassifierData;
            var target = result.GetValue(output) ?? ProductFiles.Triage;
            var domains = Enum.GetValues<PromptDomain>().Where(d => File.Exists(TrainingRunOptions.TrainFileOf(folder, d))).ToList();
            if (domains.Count == 0)
                throw new DatasetException($"{folder} holds neither code.train.jsonl nor video.train.jsonl");
            using var encoder = result.GetValue(noEmbedding) ? null : new OnnxSentenceEncoder(ProductFiles.EncoderModel);
            var runs = domains.ConvertAll(d => TrainingRun.Execute(TrainingRunOptions.Of(folder, target, d, encoder)));
            if (result.GetValue(json))
            {
                await result.Output().WriteLineAsync(JsonSerializer.Serialize(runs, VerbKit.Json));
                return ExitCode.Ok;
            }
            foreach (var run in runs)
            {
                await result.Output().WriteLineAsync("Cross-validated on the training rows:\n" + EvaluationTable.Render(run.CrossValidated));
                if (run.Holdout is { } report)
                    await result.Output().WriteLineAsync("Hold-out:\n" + EvaluationTable.Render(report));
            }
            await result.Output().WriteLineAsync($"Wrote {string.Join(" and ", runs.Select(r => r.Metadata.Version))} to {target}; a running gateway takes it at its next start.");
            return ExitCode.Ok;
        });
        return command;
    }
}
