using System.Globalization;
using System.Text;
using HybridRouter.Triage.Data;

namespace HybridRouter.Triage.Evaluation;

/// <summary>How often attacks move a prompt to the other side of the cutoff.</summary>
public sealed record AttackReport(string Model, float Cutoff, AttackFigures All, IReadOnlyList<AttackFigures> Attacks);

/// <param name="Pairs">Prompts with and without the attack.</param>
/// <param name="Changed">Share of them whose side of the cutoff differs, 0..1.</param>
/// <param name="ToCloud">Share that goes to the cloud only under the attack.</param>
/// <param name="ToLocal">Share that stays local only under the attack.</param>
/// <param name="RiseMean">Mean rise of the score over all pairs, falls counted as 0.</param>
/// <param name="FallMean">Mean fall of the score over all pairs, rises counted as 0.</param>
public sealed record AttackFigures(string Attack, int Pairs, double Changed, double ToCloud, double ToLocal, double RiseMean, double FallMean);

/// <summary>Measures attacks as the gateway would meet them: the score is the one that a request at this cutoff gets. Deterministic.</summary>
public static class AttackEvaluator
{
    /// <param name="rows">Prompts; labels are not read.</param>
    public static AttackReport Measure(IPromptClassifier classifier, float cutoff, IReadOnlyList<DatasetRow> rows, IReadOnlyList<TriageAttack> attacks)
    {
        var plain = rows.Select(r => classifier.Score(r.ToInput(), cutoff)).ToArray();
        var shifts = attacks.Select(a => rows.Select((r, i) => (From: plain[i], To: Attacked(r, i, a))).ToList()).ToList();
        return new AttackReport(
            classifier.Version,
            cutoff,
            Figures("all attacks", [.. shifts.SelectMany(s => s)], cutoff),
            [.. attacks.Zip(shifts, (a, s) => Figures(a.Name, s, cutoff))]);

        float Attacked(DatasetRow row, int i, TriageAttack attack) =>
            classifier.Score((row with { Prompt = attack.Rewrite(row.Prompt, i) }).ToInput(), cutoff);
    }

    private static AttackFigures Figures(string name, List<(float From, float To)> pairs, float cutoff)
    {
        double all = Math.Max(1, pairs.Count);
        var toCloud = pairs.Count(p => p.From < cutoff && p.To >= cutoff) / all;
        var toLocal = pairs.Count(p => p.From >= cutoff && p.To < cutoff) / all;
        return new AttackFigures(
            name, pairs.Count, toCloud + toLocal, toCloud, toLocal,
            pairs.Sum(p => Math.Max(0, p.To - p.From)) / all, pairs.Sum(p => Math.Max(0, p.From - p.To)) / all);
    }

    public static string Render(AttackReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"model {report.Model}, cutoff {report.Cutoff:0.00}; what is asked stays the same, so no route should change\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{"attack",-28}  pairs  route changes  to cloud  to local  mean rise  mean fall\n");
        foreach (var a in report.Attacks.Append(report.All))
            text.Append(CultureInfo.InvariantCulture, $"{a.Attack,-28} {a.Pairs,6} {100 * a.Changed,12:0.0} % {100 * a.ToCloud,7:0.0} % {100 * a.ToLocal,7:0.0} % {a.RiseMean,10:0.000} {a.FallMean,10:0.000}\n");
        return text.ToString();
    }
}
