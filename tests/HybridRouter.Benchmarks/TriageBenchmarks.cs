using BenchmarkDotNet.Attributes;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Training;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace HybridRouter.Benchmarks;

/// <summary>Scoring beside ML.NET's default text pipeline (FeaturizeText and logistic regression) on the same prompts.</summary>
[MemoryDiagnoser]
public class TriageBenchmarks
{
    private MlPromptClassifier _classifier = null!;
    private PredictionEngine<Row, Prediction> _pipeline = null!;
    private string _prompt = "";

    [Params(200, 4_000, 100_000, 1_000_000)]
    public int Characters { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _classifier = MlPromptClassifier.Load(TriagePrompts.ModelFolder());
        _prompt = TriagePrompts.Of(Characters)[0];
        var rows = DatasetReader.Read(Path.Combine(TriagePrompts.ModelFolder(), "..", "..", "classifier-data", "code.holdout.jsonl"))
            .Select(r => new Row { Prompt = r.Prompt, Label = r.Label == true });
        var context = new MLContext(1);
        var model = context.Transforms.Text.FeaturizeText("Features", nameof(Row.Prompt))
            .Append(context.BinaryClassification.Trainers.LbfgsLogisticRegression())
            .Fit(context.Data.LoadFromEnumerable(rows));
        _pipeline = context.Model.CreatePredictionEngine<Row, Prediction>(model);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _classifier.Dispose();
        _pipeline.Dispose();
    }

    [Benchmark(Baseline = true)]
    public float Ours() => _classifier.Score(TriageInput.FromPrompt(_prompt));

    [Benchmark]
    public float TextPipeline() => _pipeline.Predict(new Row { Prompt = _prompt }).Probability;

    private sealed class Row
    {
        public string Prompt { get; set; } = "";

        public bool Label { get; set; }
    }

    private sealed class Prediction
    {
        [ColumnName("Probability")]
        public float Probability { get; set; }
    }
}
