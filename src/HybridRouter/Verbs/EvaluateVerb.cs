using System.CommandLine;
using System.Text.Json;
using HybridRouter.Composition;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.Verbs;

internal static class EvaluateVerb
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "JSONL: prompt with label, or with measured weak and strong (0..1).", HelpName = "FILE", Required = true };
        var model = Model();
        var json = VerbKit.AsJson();
        var command = VerbKit.Verb("evaluate", "Measures the triage classifier on a file, always beside prompt length.", "evaluate --data classifier-data/code.holdout.jsonl", "evaluate --data outcomes.jsonl --json");
        foreach (var option in (Option[])[data, model, json])
            command.Options.Add(option);
        command.Run(async (result, _) =>
        {
            using var classifier = MlPromptClassifier.Load(result.GetValue(model) ?? ProductFiles.TriageModel);
            var report = Evaluator.Evaluate(classifier, classifier.Cutoff, DatasetReader.Read(result.GetValue(data)!));
            await result.Output().WriteLineAsync(result.GetValue(json) ? JsonSerializer.Serialize(report, VerbKit.Json) : EvaluationTable.Render(report));
            return ExitCode.Ok;
        });
        return command;
    }

    public static Option<string?> Model() => new("--model") { Description = "Folder of the triage model. Default: the one that ships with the program.", HelpName = "DIR" };
}
