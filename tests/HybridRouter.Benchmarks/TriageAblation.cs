using System.Globalization;
using HybridRouter.Embedding;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Features;
using HybridRouter.Triage.Training;

namespace HybridRouter.Benchmarks;

/// <summary>What each part of the code triage adds: one is left out at a time, the rest is trained again and measured on prompts it has not seen.</summary>
internal static class TriageAblation
{
    /// <param name="suiteFolder">Files with measured outcomes; null = the hold-out of the project alone.</param>
    public static int Run(string? suiteFolder, TextWriter output)
    {
        var data = Path.Combine(RepositoryFiles.Root, "classifier-data");
        using var onnx = new OnnxSentenceEncoder(Path.Combine(RepositoryFiles.Root, "models", "encoder"));
        var encoder = new RememberingEncoder(onnx);
        var train = DatasetReader.Read(Path.Combine(data, "code.train.jsonl"));
        var files = new List<(string Name, IReadOnlyList<DatasetRow> Rows)> { ("hold-out", DatasetReader.Read(Path.Combine(data, "code.holdout.jsonl"))) };
        foreach (var file in suiteFolder is null ? (IEnumerable<string>)[] : Directory.EnumerateFiles(suiteFolder, "*.jsonl").Order(StringComparer.Ordinal))
        {
            if (DatasetReader.TryRead(file, LabelRules.None) is { } rows)
                files.Add((Path.GetFileNameWithoutExtension(file), rows));
        }
        output.WriteLine("AUC / AUCmacro / APGR of each file");
        output.WriteLine($"{"",-34}{string.Join("  ", files.Select(f => $"{f.Name,-17}"))}");
        Line("prompt length", r => r.Prompt.Length);
        foreach (var (name, options) in Variants(encoder))
        {
            var model = Trainer.Train(train, options);
            using var classifier = model.ToClassifier(name);
            Line(name, r => classifier.Score(r.ToInput()));
        }
        return 0;

        void Line(string name, Func<DatasetRow, double> score) =>
            output.WriteLine($"{name,-34}{string.Join("  ", files.Select(f => $"{Figures(f.Rows, score),-17}"))}");
    }

    private static string Figures(IReadOnlyList<DatasetRow> rows, Func<DatasetRow, double> score)
    {
        var judged = rows.Where(r => r.Label is not null || r is { Weak: not null, Strong: not null }).Select(r => (Row: r, Score: score(r))).ToList();
        static bool Failed(DatasetRow r) => r.Label ?? r.Weak < 0.5;
        var auc = Ranking.Auc(judged.Select(x => (x.Score, Failed(x.Row))));
        var macro = Ranking.AucMacro(judged.Select(x => (x.Score, Failed(x.Row), x.Row.Label is null ? x.Row.Group : x.Row.Kind)));
        var apgr = Ranking.Apgr(judged.Where(x => x.Row.Weak is not null).Select(x => (x.Score, x.Row.Weak!.Value, x.Row.Strong!.Value)));
        static string Show(double? v) => v?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-";
        return $"{Show(auc)}/{Show(macro)}/{Show(apgr)}";
    }

    private static IEnumerable<(string Name, TrainingOptions Options)> Variants(ISentenceEncoder encoder)
    {
        var shipped = TrainingOptions.For(PromptDomain.Code);
        yield return ("as shipped, with embedding", shipped with { Encoder = encoder });
        yield return ("text alone", shipped);
        (string Name, int From, int To)[] blocks =
        [
            ("signals", 0, FeatureSchema.ConceptStart),
            ("concepts", FeatureSchema.ConceptStart, FeatureSchema.CrossStart),
            ("signals by shape", FeatureSchema.CrossStart, FeatureSchema.WordStart),
            ("words", FeatureSchema.WordStart, FeatureSchema.PairStart),
            ("word pairs", FeatureSchema.PairStart, FeatureSchema.LetterStart),
            ("letter patterns", FeatureSchema.LetterStart, FeatureSchema.Dimension),
        ];
        foreach (var (name, from, to) in blocks)
            yield return ($"text without {name}", shipped with { Keeps = i => i < from || i >= to });
        yield return ("text without tilt by length", shipped with { LengthTilt = 0 });
        yield return ("text without shares by kind", shipped with { KindPriors = new Dictionary<string, double>() });
        yield return ("text, chance of failure as target", shipped with { BothFail = 0 });
    }
}
