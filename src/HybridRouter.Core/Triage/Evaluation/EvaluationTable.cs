using System.Globalization;
using System.Text;

namespace HybridRouter.Triage.Evaluation;

/// <summary>A report as plain text for a terminal, and its tables as Markdown for the model card.</summary>
public static class EvaluationTable
{
    public static string Render(EvaluationReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"model {report.Model}, cutoff {report.Cutoff:0.00}, {report.Rows} rows\n");
        if (report.Labelled is { } l)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nagainst the labels ({l.High} high, {l.Low} low)\n");
            Line(text, "AUC", l.Auc, l.LengthAuc);
            Line(text, "AUCmacro by kind", l.AucMacro, l.LengthAucMacro);
            Line(text, "accuracy", l.Accuracy);
            Line(text, "balanced accuracy", l.BalancedAccuracy);
            Line(text, "false-local rate", l.FalseLocalRate);
            Line(text, "false-cloud rate", l.FalseCloudRate);
            Line(text, "calibration error, labels", l.CalibrationError);
            Line(text, "calibration error, difficulty", l.DifficultyCalibrationError);
        }
        if (report.Measured is { } m)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nagainst measured quality ({m.Rows} rows: weak {m.WeakQuality:0.000}, strong {m.StrongQuality:0.000})\n");
            Line(text, "AUC of \"weak fails\"", m.Auc, m.LengthAuc);
            Line(text, "AUCmacro by group", m.AucMacro, m.LengthAucMacro);
            Line(text, "APGR", m.Apgr, m.LengthApgr);
        }
        Slices(text, "kind", report.ByKind);
        Slices(text, "language", report.ByLanguage);
        Slices(text, "human language", report.ByHumanLanguage);
        return text.ToString();
    }

    /// <summary>The slices as a Markdown table.</summary>
    public static string Markdown(string title, IReadOnlyList<SliceFigures> slices)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"| {title} | rows | high | accuracy | AUC | AUC of length | mean score |\n|---|---|---|---|---|---|---|\n");
        foreach (var s in slices)
            text.Append(CultureInfo.InvariantCulture, $"| {s.Name} | {s.Rows} | {s.High} | {Figure(s.Accuracy)} | {Figure(s.Auc)} | {Figure(s.LengthAuc)} | {s.MeanScore:0.00} |\n");
        return text.ToString();
    }

    /// <summary>Three decimals, or a dash for a figure that does not exist.</summary>
    internal static string Figure(double? value) => value?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-";

    private static void Line(StringBuilder text, string name, double? value) =>
        text.Append(CultureInfo.InvariantCulture, $"  {name,-32} {Figure(value)}\n");

    private static void Line(StringBuilder text, string name, double? value, double? length) =>
        text.Append(CultureInfo.InvariantCulture, $"  {name,-32} {Figure(value)}   (length alone {Figure(length)})\n");

    private static void Slices(StringBuilder text, string title, IReadOnlyList<SliceFigures> slices)
    {
        if (slices.Count == 0)
            return;
        text.Append(CultureInfo.InvariantCulture, $"\n{title,-18}  rows  high  accuracy    AUC  AUC of length  mean score\n");
        foreach (var s in slices)
            text.Append(CultureInfo.InvariantCulture, $"{s.Name,-18} {s.Rows,5} {s.High,5} {Figure(s.Accuracy),9} {Figure(s.Auc),6} {Figure(s.LengthAuc),14} {s.MeanScore,11:0.00}\n");
    }
}
