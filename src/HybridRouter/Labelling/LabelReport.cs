using System.Globalization;
using System.Text;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.Labelling;

/// <summary>What a run wrote, in numbers, and how far the teacher agrees with people; serialised with <c>--json</c>.</summary>
/// <param name="Agreement">Null when no row has a person's label.</param>
internal sealed record LabelReport(string Model, LabelOutcome Run, LabelUse Used, AgreementReport? Agreement)
{
    public string Render()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Run.Graded} graded by {Model}, {Run.Rejected} rejected, {Run.Left} left{(Run.Before > 0 ? $", {Run.Before} done before" : "")}\n");
        text.Append(CultureInfo.InvariantCulture, $"{Used.Calls} calls, {Used.InputTokens:N0} input and {Used.OutputTokens:N0} output tokens");
        text.Append(Used.Usd > 0 ? string.Create(CultureInfo.InvariantCulture, $", {Used.Usd:0.0000} USD\n") : "\n");
        if (Run.Stopped is { } why)
            text.Append(CultureInfo.InvariantCulture, $"stopped: {why}; go on with --resume\n");
        if (Agreement is { } agreement)
            text.Append('\n').Append(Render(agreement, "person", "teacher"));
        return text.ToString();
    }

    /// <param name="reference">What the first judge is called.</param>
    public static string Render(AgreementReport report, string reference, string other)
    {
        var all = report.All;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{other} against {reference}, {all.Rows} rows [95 % interval]\n");
        Line(text, "agreement", all.Agreement);
        Line(text, "Cohen's kappa", all.Kappa);
        Line(text, $"AUC of the {other}'s difficulty", all.Auc);
        Line(text, "mean difference of difficulty", all.DifficultyGap);
        text.Append(CultureInfo.InvariantCulture, $"\n{"",-18} {other} high  {other} low\n");
        text.Append(CultureInfo.InvariantCulture, $"{reference + " high",-18} {all.Confusion.BothHigh,12} {all.Confusion.MissedHigh,12}\n");
        text.Append(CultureInfo.InvariantCulture, $"{reference + " low",-18} {all.Confusion.FalseHigh,12} {all.Confusion.BothLow,12}\n");
        if (report.Kinds.Count == 0)
            return text.ToString();
        text.Append(CultureInfo.InvariantCulture, $"\n{"kind",-12}  rows  {"agreement",-22} {"kappa",-24} {"AUC",-22} difference\n");
        foreach (var (kind, f) in report.Kinds)
            text.Append(CultureInfo.InvariantCulture, $"{kind,-12} {f.Rows,5}  {Cell(f.Agreement),-22} {Cell(f.Kappa),-24} {Cell(f.Auc),-22} {Cell(f.DifficultyGap)}\n");
        return text.ToString();
    }

    private static void Line(StringBuilder text, string name, Estimate? value) => text.Append(CultureInfo.InvariantCulture, $"  {name,-32} {Cell(value)}\n");

    private static string Cell(Estimate? figure) => figure is not { } f ? "-"
        : f.Interval is { } i ? string.Create(CultureInfo.InvariantCulture, $"{f.Value:0.000} [{i.Low:0.000}..{i.High:0.000}]")
        : f.Value.ToString("0.000", CultureInfo.InvariantCulture);
}
