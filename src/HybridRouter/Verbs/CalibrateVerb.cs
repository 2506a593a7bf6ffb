using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HybridRouter.Composition;
using HybridRouter.Embedding;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.Verbs;

internal static class CalibrateVerb
{
    private const double DefaultCloudShare = 0.3;

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "JSONL: prompts of your own traffic; for a quality with measured weak and strong (0..1) or with labels.", HelpName = "FILE", Required = true };
        var share = Target("--target-cloud-share", $"Share of the prompts that may go to the cloud, 0..1; needs no labels. Default: {DefaultCloudShare.ToString(CultureInfo.InvariantCulture)}.");
        var quality = Target("--target-quality", "Share of the strong model's quality to keep, 0..1: the highest cutoff that keeps it.");
        var (model, noEmbedding, json) = (EvaluateVerb.Model(), EvaluateVerb.NoEmbedding(), VerbKit.AsJson());
        var command = VerbKit.Verb("calibrate", "Picks the cutoff of the triage on a file of prompts and says what to write into the configuration.",
            "calibrate --data prompts.jsonl --target-cloud-share 0.3", "calibrate --data outcomes.jsonl --target-quality 0.95 --json");
        foreach (var option in (Option[])[data, share, quality, model, noEmbedding, json])
            command.Options.Add(option);
        command.Run(async (result, _) =>
        {
            var (wantedShare, wantedQuality) = (result.GetValue(share), result.GetValue(quality));
            if (wantedShare is not null && wantedQuality is not null)
                throw new UsageException("Give --target-cloud-share or --target-quality, not both: one cutoff cannot aim at two figures.");
            var rows = DatasetReader.ReadPrompts(result.GetValue(data)!);
            using var encoder = result.GetValue(noEmbedding) ? null : new OnnxSentenceEncoder(ProductFiles.EncoderModel);
            using var classifier = MlPromptClassifier.Load(result.GetValue(model) ?? ProductFiles.TriageModel, encoder);
            float[] scores = [.. rows.Select(r => classifier.Score(r.ToInput()))];
            var picked = wantedQuality is { } kept
                ? CutoffCalibrator.ForQuality(classifier.Version, rows, scores, kept)
                : CutoffCalibrator.ForCloudShare(classifier.Version, rows, scores, wantedShare ?? DefaultCloudShare);
            await result.Output().WriteLineAsync(result.GetValue(json) ? JsonSerializer.Serialize(picked, VerbKit.Json) : Render(picked, wantedQuality is not null));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string Render(CalibratedCutoff picked, bool byQuality)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"model {picked.Model}, {picked.Rows} rows, aim: {(byQuality ? "quality kept" : "cloud share")} {picked.Target:0.###}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"  {"cutoff",-24} {picked.Cutoff,6:0.####}   [{picked.CutoffInterval.Low:0.###}..{picked.CutoffInterval.High:0.###}] were it picked on other such rows\n");
        Line("goes to the cloud", picked.CloudShare);
        if (picked.Quality is { } quality)
            Line(picked.Judged ? "quality kept, judged" : "quality kept, measured", quality);
        text.Append(CultureInfo.InvariantCulture, $"\nInto the configuration, for this model only:\n\n  \"triage\": {{ \"cutoff\": {picked.Cutoff:0.######} }}\n");
        return text.ToString().TrimEnd();

        void Line(string name, Estimate figure) => text.Append(
            CultureInfo.InvariantCulture, $"  {name,-24} {100 * figure.Value,5:0.0} %  [{100 * figure.Interval!.Low:0.0}..{100 * figure.Interval.High:0.0}]\n");
    }

    private static Option<double?> Target(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SHARE",
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is > 0 and <= 1)
                return share;
            result.AddError($"{name}: '{text}' is not a share above 0 and at most 1.");
            return null;
        },
    };
}
