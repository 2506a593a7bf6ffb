using System.Globalization;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Training;

namespace HybridRouter.Benchmarks;

/// <summary>What each part of the triage model adds: one is left out at a time, the rest is trained again and measured.</summary>
internal static class TriageAblation
{
    public static int Run(string dataFolder, string? suiteFolder, TextWriter output)
    {
        var train = DatasetReader.Read(Path.Combine(dataFolder, "code.train.jsonl"));
        var holdout = DatasetReader.Read(Path.Combine(dataFolder, "code.holdout.jsonl"));
        var suite = suiteFolder is null
            ? []
            : Directory.EnumerateFiles(suiteFolder, "*.jsonl").Order(StringComparer.Ordinal)
                .Select(f => (Name: Path.GetFileNameWithoutExtension(f), Rows: DatasetReader.TryRead(f, LabelRules.None)))
                .Where(f => f.Rows is not null).ToList();
        output.WriteLine("variant                        holdout AUC  macro   ECE");
        foreach (var (name, options) in Variants())
        {
            var model = Trainer.Train(train, options);
            using var classifier = model.ToClassifier(name);
            if (Environment.GetEnvironmentVariable("DUMP") is { } dump)
            {
                var strongRows = train.Select(r => r with { Difficulty = r.StrongDifficulty ?? (0.3 * Math.Pow(r.Difficulty!.Value, 4)) }).ToList();
                var strong = Trainer.Train(strongRows, options with { KindPriors = new Dictionary<string, double>() });
                using var sc = strong.ToClassifier("s");
                foreach (var (file, rows) in suite)
                    File.WriteAllLines(Path.Combine(dump, file + ".csv"), rows!.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Id}\t{model.Linear.Score(FeatureRow.Featurise(r.ToInput(), new HybridRouter.Triage.Features.FeatureBuffer(PromptDomain.Code)))}\t{strong.Linear.Score(FeatureRow.Featurise(r.ToInput(), new HybridRouter.Triage.Features.FeatureBuffer(PromptDomain.Code)))}\t{r.Weak}\t{r.Strong}\t{r.Group}\t{r.Prompt.Length}")));
            }
            var own = Evaluator.Evaluate(classifier, model.Cutoff, holdout).Labelled!;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-30} {own.Auc,11:0.000} {own.AucMacro,6:0.000} {own.DifficultyCalibrationError,5:0.000} cutoff {model.Cutoff:0.00} both fail {model.Gain.BothFail:0.000}"));
            foreach (var (file, rows) in suite)
            {
                var m = Evaluator.Evaluate(classifier, model.Cutoff, rows!).Measured;
                if (m is { Apgr: { } apgr })
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {file,-16} AUC {m.Auc?.Value:0.000} ({m.Auc?.Length:0.000})  macro {m.AucMacro?.Value:0.000} ({m.AucMacro?.Length:0.000})  APGR {apgr.Value:0.000} ({apgr.Length:0.000})  calls95 {m.Calls95!.Value:0.000} ({m.Calls95.Length:0.000})"));
            }
        }
        return 0;
    }

    private static IEnumerable<(string Name, TrainingOptions Options)> Variants()
    {
        foreach (var spec in (Environment.GetEnvironmentVariable("LAB") ?? "g=0;g=1").Split(';'))
        {
            var o = new TrainingOptions();
            foreach (var kv in spec.Split(',').Select(x => x.Split('=')))
            {
                var v = kv[1];
                double D() => double.Parse(v, CultureInfo.InvariantCulture);
                o = kv[0] switch
                {
                    "l2" => o with { L2 = (float)D() },
                    "soft" => o with { Softness = D() },
                    "noprior" => o with { KindPriors = new Dictionary<string, double>() },
                    "p" => o with { KindPriors = v.Split('+').Select(x => x.Split(':')).ToDictionary(x => x[0], x => double.Parse(x[1], CultureInfo.InvariantCulture)) },
                    _ => o,
                };
            }
            yield return (spec, o);
        }
    }
}
