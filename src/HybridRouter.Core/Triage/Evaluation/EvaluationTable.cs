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
            if (l.AucInterval is { } auc)
                text.Append(CultureInfo.InvariantCulture, $"  {"95 % interval of the AUC",-32} {auc.Low:0.000}..{auc.High:0.000}\n");
            Line(text, "AUCmacro by kind", l.AucMacro, l.LengthAucMacro);
            Line(text, "accuracy", l.Accuracy);
            Line(text, "balanced accuracy", l.BalancedAccuracy);
            Line(text, "false-local rate", l.FalseLocalRate);
            Line(text, "false-cloud rate", l.FalseCloudRate);
            Line(text, "calibration error, labels", l.CalibrationError);
            Line(text, "calibration error, judged gain", l.GainCalibrationError);
        }
        if (report.Measured is { } m)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nagainst measured quality ({m.Rows} rows: weak {m.WeakQuality:0.000}, strong {m.StrongQuality:0.000})\n");
            Line(text, "AUC of \"weak fails\"", m.Auc);
            Line(text, "AUCmacro by group", m.AucMacro);
            Line(text, "APGR", m.Apgr);
            Line(text, "calls for 95 % of the quality", m.Calls95);
        }
        Slices(text, "kind", report.ByKind);
        Slices(text, "language", report.ByLanguage);
        Slices(text, "human language", report.ByHumanLanguage);
        return text.ToString();
    }

    /// <summary>Several files, a line each: every figure beside that of prompt length on the same rows.</summary>
    public static string RenderSuite(IReadOnlyList<(string File, EvaluationReport Report)> suite)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"model {string.Join(" and ", suite.Select(s => s.Report.Model).Distinct())}; in brackets what prompt length achieves on the same rows; * = the 95 % interval of the difference leaves out 0\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{"file",-20}  rows  {"AUC",-22} {"AUCmacro",-22} {"APGR",-22} calls95\n");
        foreach (var (file, report) in suite)
        {
            if (report.Measured is { } m)
                text.Append(CultureInfo.InvariantCulture, $"{file,-20} {m.Rows,5}  {Cell(m.Auc),-22} {Cell(m.AucMacro),-22} {Cell(m.Apgr),-22} {Cell(m.Calls95)}\n");
            else if (report.Labelled is { } l)
                text.Append(CultureInfo.InvariantCulture, $"{file,-20} {report.Rows,5}  {Figure(l.Auc)} ({Figure(l.LengthAuc)}) by labels  AUCmacro {Figure(l.AucMacro)} ({Figure(l.LengthAucMacro)})\n");
        }
        return text.ToString();
    }

    private static string Cell(MeasuredFigure? figure) => figure is not { } f ? "-" : string.Create(
        CultureInfo.InvariantCulture, $"{f.Value:0.000} ({f.Length:0.000}) {f.Lead:+0.000;-0.000;0.000}{(f.LeadInterval.Low > 0 || f.LeadInterval.High < 0 ? "*" : "")}");

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

    private static void Line(StringBuilder text, string name, MeasuredFigure? figure)
    {
        if (figure is { } f)
            text.Append(CultureInfo.InvariantCulture, $"  {name,-32} {f.Value:0.000} [{f.Interval.Low:0.000}..{f.Interval.High:0.000}]   (length alone {f.Length:0.000}, lead {f.Lead:+0.000;-0.000;0.000} [{f.LeadInterval.Low:+0.000;-0.000;0.000}..{f.LeadInterval.High:+0.000;-0.000;0.000}])\n");
    }

    private static void Slices(StringBuilder text, string title, IReadOnlyList<SliceFigures> slices)
    {
        if (slices.Count == 0)
            return;
        text.Append(CultureInfo.InvariantCulture, $"\n{title,-18}  rows  high  accuracy    AUC  AUC of length  mean score\n");
        foreach (var s in slices)
            text.Append(CultureInfo.InvariantCulture, $"{s.Name,-18} {s.Rows,5} {s.High,5} {Figure(s.Accuracy),9} {Figure(s.Auc),6} {Figure(s.LengthAuc),14} {s.MeanScore,11:0.00}\n");
    }
}
