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
        var command = VerbKit.Verb("train", "Trains the triage classifiers (ML.NET logistic regression) and writes each model with its card.", "train", "train --data ./my-prompts --out ./my-model", "train --traffic --config /etc/hybridrouter/hybridrouter.json");
        var traffic = new Option<bool>("--traffic") { Description = "Train with the judged traffic of a gateway too, and make the model the candidate of its registry; see 'model'." };
        var config = VerbKit.Config();
        foreach (var option in (Option[])[data, output, noEmbedding, traffic, config, json])
            command.Options.Add(option);
        command.Run(async (result, cancellationToken) =>
        {
            if (result.GetValue(traffic))
            {
                if (result.GetValue(output) is not null)
                    throw new UsageException("--traffic writes to the registry in the storage folder (storage.path, --config); leave --out away.");
                return await WithTrafficAsync(result, Installation.Open(result, config), result.GetValue(data), result.GetValue(json), cancellationToken);
            }
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

    private static async Task<int> WithTrafficAsync(ParseResult result, Installation installation, string? data, bool json, CancellationToken cancellationToken)
    {
        var training = installation.Training(data);
        var trained = training.Train(installation.ReadTraffic(), installation.OnlyCaller);
        await training.AddAsync(trained, cancellationToken);
        if (json)
        {
            await result.Output().WriteLineAsync(JsonSerializer.Serialize(new { trained.Version, trafficRows = trained.Model.Traffic.Count, trained.Model.Cutoff, trained.CrossValidated, trained.Holdout, gate = trained.Note.Verdict }, VerbKit.Json));
            return ExitCode.Ok;
        }
        await result.Output().WriteLineAsync("Hold-out:\n" + EvaluationTable.Render(trained.Holdout));
        await result.Output().WriteLineAsync(trained.Note.Verdict.Render());
        await result.Output().WriteLineAsync($"{trained.Version}, trained with {trained.Model.Traffic.Count} judged requests, is the candidate. {(trained.Note.Verdict.Promote ? "'model promote' brings it into force." : "It stays one.")}");
        await installation.WarnAsync(result.Output());
        return ExitCode.Ok;
    }
}
