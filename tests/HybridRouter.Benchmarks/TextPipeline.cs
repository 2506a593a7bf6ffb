using HybridRouter.Triage.Data;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace HybridRouter.Benchmarks;

/// <summary>ML.NET's default text pipeline, FeaturizeText and logistic regression, through a prediction engine. Not thread-safe, as the engine is not.</summary>
internal sealed class TextPipeline : IDisposable
{
    private readonly PredictionEngine<Row, Prediction> _engine;

    public TextPipeline(IReadOnlyList<DatasetRow> rows)
    {
        var context = new MLContext(1);
        var model = context.Transforms.Text.FeaturizeText("Features", nameof(Row.Prompt))
            .Append(context.BinaryClassification.Trainers.LbfgsLogisticRegression())
            .Fit(context.Data.LoadFromEnumerable(rows.Select(r => new Row { Prompt = r.Prompt, Label = r.Label == true })));
        _engine = context.Model.CreatePredictionEngine<Row, Prediction>(model);
    }

    public float Score(string prompt) => _engine.Predict(new Row { Prompt = prompt }).Probability;

    public void Dispose() => _engine.Dispose();

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
