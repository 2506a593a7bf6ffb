using System.Globalization;
using System.Text;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Features;

namespace HybridRouter.Triage.Training;

/// <summary>Writes the model card: what the model is, how it was made and every figure that tells its worth.</summary>
public static class ModelCard
{
    public static string Write(ModelMetadata metadata, TrainedModel model, EvaluationReport crossValidated, EvaluationReport? holdout)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Triage model {metadata.Version}

            Written by `train`; do not edit by hand.

            {(metadata.Domain == PromptDomain.Code
                ? "Judges whether a code prompt can be answered by a small local model or needs a strong cloud model."
                : "Judges whether a clip can be made from one picture by a local image-to-video model or needs a premium video model.")} ML.NET L-BFGS
            logistic regression (`{MlPromptClassifier.ModelFileName}`) on the features of `src/HybridRouter.Core/Triage/Features`, layout `{metadata.FeatureSchema}`:
            {FeatureSchema.WordStart} named structure and concept features, {1 << FeatureSchema.WordBits} hashed words, {1 << FeatureSchema.PairBits} hashed word pairs, {1 << FeatureSchema.LetterBits} hashed letter patterns,
            from the first {TriageInput.HeadChars} and last {TriageInput.TailChars} characters of the last user turn.

            - Score: estimated chance that the local model fails where the cloud succeeds, 0..1. Higher goes to the cloud. With f the chance that the local model fails it is f - {metadata.BothFail} f^4: on the hardest prompts both fail.
            - Second opinion: {(metadata.Encoder is null ? "none." : $"the same with the sentence embedding of `{metadata.Encoder}` (`{MlPromptClassifier.RefinedFileName}`), asked within {metadata.Band:0.000} of the cutoff and on prompts of at most {Refinement.LongestPrompt} characters. The figures below are with it wherever it applies.")}
            - Cutoff {metadata.Cutoff:0.00}: {metadata.CutoffRule}.
            - Trained on {metadata.TrainingRows} rows of `classifier-data/{metadata.Domain.ToString().ToLowerInvariant()}.train.jsonl`, tested on {metadata.HoldoutRows} rows that training never saw.
            - Ridge penalty {metadata.L2}, seed {metadata.Seed}. Target: {metadata.Softness:P0} judged difficulty, {1 - metadata.Softness:P0} label; a row of difficulty d enters as high with weight d and as low with weight 1 - d.
            - The data is written so that length tells nothing; longer rows of a kind are weighted towards high by {model.Options.LengthTilt} log-odds for each standard deviation of log-length.

            """);
        if (metadata.TrafficRows > 0)
            text.Append(CultureInfo.InvariantCulture, $"- Beside them it learned from {metadata.TrafficRows} judged requests of this installation, which weigh as much as {metadata.TrafficWeight:0} rows.\n");
        if (metadata.KindPriors.Count > 0)
        {
            var priors = string.Join(", ", metadata.KindPriors.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key} {p.Value:0.00}")));
            text.Append(CultureInfo.InvariantCulture, $"- The data is balanced within each kind, real work is not. These kinds are weighted to the share of failures usual for 7B models: {priors}.\n");
        }
        text.Append("\n## Figures\n\nLength = what the number of characters alone achieves on the same rows.\n\n| | cross-validated | hold-out |\n|---|---|---|\n");
        Row("AUC", l => l.Auc);
        Row("AUC of length", l => l.LengthAuc);
        Row("AUCmacro by kind", l => l.AucMacro);
        Row("AUCmacro of length", l => l.LengthAucMacro);
        Row("accuracy at the cutoff", l => l.Accuracy);
        Row("false-local rate", l => l.FalseLocalRate);
        Row("false-cloud rate", l => l.FalseCloudRate);
        Row("calibration error against judged gain", l => l.GainCalibrationError);
        Row("calibration error against labels", l => l.CalibrationError);
        Reliability(text, "Reliability, cross-validated", crossValidated);
        if (holdout is not null)
        {
            text.Append("\n## Hold-out by kind\n\n").Append(EvaluationTable.Markdown("kind", holdout.ByKind));
            text.Append("\n## Hold-out by human language\n\n").Append(EvaluationTable.Markdown("language", holdout.ByHumanLanguage));
        }
        Weights(text, model.Linear);
        text.Append("""

            ## Limits

            - Labels and difficulties are judgements of the writers of the data, not measured outcomes.
            - Figures on prompts of the same writers flatter a model; expect less on other traffic, and set the cutoff for it.
            - What the text does not show (whether the small model happens to know a library) cannot be scored.

            """);
        return text.ToString();

        void Row(string name, Func<LabelledFigures, double?> figure) => text.Append(
            CultureInfo.InvariantCulture,
            $"| {name} | {Value(crossValidated, figure)} | {Value(holdout, figure)} |\n");
    }

    private static string Value(EvaluationReport? report, Func<LabelledFigures, double?> figure) =>
        EvaluationTable.Figure(report?.Labelled is { } labelled ? figure(labelled) : null);

    private static void Reliability(StringBuilder text, string title, EvaluationReport report)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n| rows | mean score | mean judged gain | share high |\n|---|---|---|---|\n");
        foreach (var bin in report.Labelled?.Reliability ?? [])
            text.Append(CultureInfo.InvariantCulture, $"| {bin.Rows} | {bin.MeanScore:0.00} | {bin.MeanGain:0.00} | {bin.ShareHigh:0.00} |\n");
    }

    private static void Weights(StringBuilder text, LinearModel linear)
    {
        var named = Enumerable.Range(0, FeatureSchema.WordStart)
            .GroupBy(FeatureSchema.NameOf, i => (double)linear.Weights[i])
            .Select(g => (Name: g.Key, Weight: g.Sum()))
            .OrderByDescending(x => x.Weight)
            .ToList();
        text.Append("\n## Strongest named features\n\n| pushes to the cloud | weight | pushes to local | weight |\n|---|---|---|---|\n");
        for (var i = 0; i < 12; i++)
        {
            var (up, down) = (named[i], named[^(i + 1)]);
            text.Append(CultureInfo.InvariantCulture, $"| {up.Name} | {up.Weight:0.00} | {down.Name} | {down.Weight:0.00} |\n");
        }
    }
}
