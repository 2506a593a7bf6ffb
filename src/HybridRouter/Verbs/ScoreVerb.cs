using System.CommandLine;
using HybridRouter.Composition;
using HybridRouter.Embedding;
using HybridRouter.Triage;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.Verbs;

internal static class ScoreVerb
{
    public static Command Create()
    {
        var input = new Option<string>("--in") { Description = "JSONL rows with id and prompt, optional kind code|video.", HelpName = "FILE", Required = true };
        var output = new Option<string>("--out") { Description = "JSONL rows with id and score; higher is more complex.", HelpName = "FILE", Required = true };
        var model = EvaluateVerb.Model();
        var noEmbedding = EvaluateVerb.NoEmbedding();
        var command = VerbKit.Verb("score", "Scores a file of prompts.", "score --in prompts.jsonl --out scores.jsonl");
        foreach (var option in (Option[])[input, output, model, noEmbedding])
            command.Options.Add(option);
        command.Run(async (result, cancellationToken) =>
        {
            using var encoder = result.GetValue(noEmbedding) ? null : new OnnxSentenceEncoder(ProductFiles.EncoderModel);
            using var code = MlPromptClassifier.Load(result.GetValue(model) ?? ProductFiles.TriageModel, encoder);
            using var video = MlPromptClassifier.Load(ProductFiles.VideoTriageModel, encoder);
            var rows = await new ScoreFile(code, video).RunAsync(result.GetValue(input)!, result.GetValue(output)!, cancellationToken);
            await result.InvocationConfiguration.Error.WriteLineAsync($"{rows} rows scored.");
            return ExitCode.Ok;
        });
        return command;
    }
}
