using System.CommandLine;
using System.Text.Json;
using HybridRouter.Composition;
using HybridRouter.Embedding;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.Verbs;

internal static class EvaluateVerb
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "JSONL: prompt with label, or with measured weak and strong (0..1). A folder: a line for each of its files.", HelpName = "FILE", Required = true };
        var model = Model();
        var high = Rule("--high", "high", "complexity=complex");
        var low = Rule("--low", "low", "complexity=simple");
        var noEmbedding = NoEmbedding();
        var attacks = new Option<bool>("--attacks") { Description = "Rewrites each prompt in ways that leave what is asked as it is, and counts the routes that change." };
        var heldBack = new Option<bool>("--held-back") { Description = "With --attacks: in the wordings that training and its rules never saw." };
        var json = VerbKit.AsJson();
        var command = VerbKit.Verb("evaluate", "Measures the triage classifier on a file or on a folder of files, always beside prompt length.", "evaluate --data classifier-data/code.holdout.jsonl", "evaluate --data outcomes.jsonl --json", "evaluate --data classifier-data/code.holdout.jsonl --attacks", "evaluate --data clips.jsonl --model models/triage/video --high complexity=complex --low complexity=simple");
        foreach (var option in (Option[])[data, model, high, low, noEmbedding, attacks, heldBack, json])
            command.Options.Add(option);
        command.Run(async (result, _) =>
        {
            using var encoder = result.GetValue(noEmbedding) ? null : new OnnxSentenceEncoder(ProductFiles.EncoderModel);
            using var judges = new Judges(result.GetValue(model), encoder);
            var rules = new LabelRules(result.GetValue(high), result.GetValue(low));
            var path = result.GetValue(data)!;
            if (result.GetValue(attacks))
            {
                var pairs = judges.Attack(DatasetReader.ReadPrompts(path), result.GetValue(heldBack) ? TriageAttacks.HeldBack : TriageAttacks.Development);
                await result.Output().WriteLineAsync(result.GetValue(json) ? JsonSerializer.Serialize(pairs, VerbKit.Json) : AttackEvaluator.Render(pairs));
                return ExitCode.Ok;
            }
            if (Directory.Exists(path))
            {
                var suite = Suite(judges, path, rules);
                await result.Output().WriteLineAsync(result.GetValue(json)
                    ? JsonSerializer.Serialize(suite.ToDictionary(s => s.File, s => s.Report), VerbKit.Json)
                    : EvaluationTable.RenderSuite(suite));
                return ExitCode.Ok;
            }
            var report = judges.Evaluate(DatasetReader.Read(path, rules));
            await result.Output().WriteLineAsync(result.GetValue(json) ? JsonSerializer.Serialize(report, VerbKit.Json) : EvaluationTable.Render(report));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Files of which no row says how it went cannot be measured and are left out.</summary>
    private static List<(string File, EvaluationReport Report)> Suite(Judges judges, string folder, LabelRules rules)
    {
        var suite = new List<(string, EvaluationReport)>();
        foreach (var file in Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal))
        {
            if (DatasetReader.TryRead(file, rules) is { } rows)
                suite.Add((Path.GetFileNameWithoutExtension(file), judges.Evaluate(rows)));
        }
        return suite.Count > 0 ? suite : throw new UsageException($"{folder} holds no .jsonl file with labels or measured qualities");
    }

    /// <summary>The model that was named judges everything; else that of the domain of the rows.</summary>
    private sealed class Judges(string? model, ISentenceEncoder? encoder) : IDisposable
    {
        private readonly Dictionary<string, MlPromptClassifier> _loaded = new(StringComparer.Ordinal);

        public EvaluationReport Evaluate(IReadOnlyList<DatasetRow> rows)
        {
            var classifier = For(rows);
            return Evaluator.Evaluate(classifier, classifier.Cutoff, rows);
        }

        public AttackReport Attack(IReadOnlyList<DatasetRow> rows, IReadOnlyList<TriageAttack> attacks)
        {
            var classifier = For(rows);
            return AttackEvaluator.Measure(classifier, classifier.Cutoff, rows, attacks);
        }

        private MlPromptClassifier For(IReadOnlyList<DatasetRow> rows)
        {
            var folder = model ?? (rows.All(r => r.Kind == "video") ? ProductFiles.VideoTriageModel : ProductFiles.TriageModel);
            if (!_loaded.TryGetValue(folder, out var classifier))
                _loaded[folder] = classifier = MlPromptClassifier.Load(folder, encoder);
            return classifier;
        }

        public void Dispose()
        {
            foreach (var classifier in _loaded.Values)
                classifier.Dispose();
        }
    }

    private static Option<string?> Rule(string name, string label, string example) =>
        new(name) { Description = $"Rows without label whose member has this value count as {label}, for example {example}.", HelpName = "MEMBER=VALUE" };

    public static Option<bool> NoEmbedding() => new("--no-embedding") { Description = "Judges the text alone, without the sentence embedding." };

    public static Option<string?> Model() => new("--model") { Description = "Folder of the triage model. Default: the one that ships with the program.", HelpName = "DIR" };
}
