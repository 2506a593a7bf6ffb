using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Training;

namespace HybridRouter.UnitTests.Triage.Evaluation;

public sealed class EvaluatorTests
{
    private static readonly IReadOnlyList<DatasetRow> Labelled =
    [
        new(1, "a", "xx", true, 0.8) { Kind = "debug", Human = "en" },
        new(2, "b", "x", true, 0.6) { Kind = "debug", Human = "en" },
        new(3, "c", "xxx", false, 0.2) { Kind = "sql", Human = "de" },
        new(4, "d", "xxxx", false, 0.4) { Kind = "sql", Human = "en" },
    ];

    [Fact]
    public void Evaluate_LabelledRows_CountsBothMistakes()
    {
        var figures = Evaluator.Evaluate("m", 0.5f, Labelled, [0.8f, 0.4f, 0.2f, 0.6f]).Labelled!;

        Assert.Equal((2, 2, 0.5, 0.5), (figures.High, figures.Low, figures.FalseLocalRate, figures.FalseCloudRate));
        Assert.Equal(0.5, figures.Accuracy);
        Assert.Equal(0.75, figures.Auc);
        Assert.Equal(0, figures.LengthAuc);
        Assert.Equal(0.1, figures.GainCalibrationError!.Value, 1e-6);
    }

    [Fact]
    public void Evaluate_MeasuredRows_GivesTheFiguresOfTheScorer()
    {
        DatasetRow[] rows = [new(1, "a", "xx", null, null, 0, 1), new(2, "b", "x", null, null, 1, 1), new(3, "c", "xxx", null, null, Strong: 1)];

        var report = Evaluator.Evaluate("m", 0.5f, rows, [0.9f, 0.1f, 0.5f]);

        Assert.Null(report.Labelled);
        Assert.Equal((2, 1.0, 0.75), (report.Measured!.Rows, report.Measured.Auc!.Value, report.Measured.Apgr!.Value));
        Assert.Equal((1.0, 0.0), (report.Measured.Auc.Length, report.Measured.Auc.Lead));
        Assert.Equal(0.45, report.Measured.Calls95!.Value, 1e-9);
    }

    [Fact]
    public void Render_Report_ShowsFiguresAndSlices()
    {
        var text = EvaluationTable.Render(Evaluator.Evaluate("m-1", 0.5f, Labelled, [0.8f, 0.4f, 0.2f, 0.6f]));

        Assert.Contains("model m-1, cutoff 0.50, 4 rows", text, StringComparison.Ordinal);
        Assert.Matches(@"AUC\s+0\.750\s+\(length alone 0\.000\)", text);
        Assert.Matches(@"debug\s+2\s+2\s+0\.500", text);
    }

    [Fact]
    public void BestBalancedAccuracy_SeparableScores_LiesInTheGap()
    {
        var rows = Enumerable.Range(0, 40).Select(i => new DatasetRow(i, $"{i}", "p", i % 2 == 0)).ToList();
        var scores = rows.Select(r => r.Label == true ? 0.62f : 0.34f).ToList();

        Assert.InRange(CutoffRule.BestBalancedAccuracy(rows, scores), 0.35f, 0.62f);
    }
}
