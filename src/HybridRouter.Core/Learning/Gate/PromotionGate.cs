using System.Globalization;

namespace HybridRouter.Learning.Gate;

/// <summary>
/// Decides whether a candidate may take the place of the model in force: not worse on the frozen hold-out, and better on the
/// user's own recent traffic, both beyond chance. Pure.
/// </summary>
public static class PromotionGate
{
    public const double Level = 0.95;

    /// <summary>More tries do not ask for more than this many times the certainty: intervals of resamples have no finer ends.</summary>
    private const int MaxTries = 10;

    public static GateVerdict Judge(GateInput input, GateOptions options)
    {
        // Bonferroni (Dunn 1961): a candidate a day, each with its own chance to be lucky, would promote noise within a month.
        var level = 1 - ((1 - Level) / Math.Clamp(input.Tries, 1, MaxTries));
        var holdout = new PairedAuc([.. input.Holdout.Select(r => new PairedScore(r.High, 1, r.Current, r.Candidate))]).Compare(Level);
        var heard = input.Traffic.Where(t => t.Voice > 0).ToList();
        var callers = heard.Select(t => t.Caller).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var verdict = new GateVerdict
        {
            Promote = false,
            Reasons = [],
            CrossValidatedAuc = input.CrossValidated,
            HoldoutAuc = holdout,
            CurrentFalseLocal = FalseLocal(input.Holdout, r => r.Current < input.CurrentCutoff),
            CandidateFalseLocal = FalseLocal(input.Holdout, r => r.Candidate < input.CandidateCutoff),
            TrafficAuc = Paired(heard).Compare(level),
            LeastWithoutOneCaller = callers.Count > 1 ? callers.Min(c => Paired(heard.Where(t => !t.Caller.Equals(c, StringComparison.OrdinalIgnoreCase))).Difference()) : null,
            Judged = heard.Count,
            Failed = heard.Count(t => t.Failed),
            Callers = callers.Count,
            Level = level,
        };
        var reasons = Objections(verdict, input.OnlyCaller, options).ToList();
        return verdict with { Promote = reasons.Count == 0, Reasons = reasons };
    }

    private static IEnumerable<string> Objections(GateVerdict verdict, bool onlyCaller, GateOptions options)
    {
        if (verdict.Judged < options.MinJudged)
            yield return $"{verdict.Judged} judged requests that it has not seen, {options.MinJudged} are needed";
        if (Math.Min(verdict.Failed, verdict.Judged - verdict.Failed) < options.MinOfEachSort)
            yield return $"{verdict.Failed} of them failed and {verdict.Judged - verdict.Failed} did not, {options.MinOfEachSort} of either sort are needed";
        if (!onlyCaller && verdict.Callers < options.MinCallers)
            yield return $"they come from {verdict.Callers} callers, {options.MinCallers} are needed";
        if (verdict.CrossValidatedAuc is not { } rows)
            yield return "what the traffic does to the training rows is not known";
        else if (rows.Low < -options.AucTolerance)
            yield return string.Create(CultureInfo.InvariantCulture, $"on the training rows its AUC may be lower by {-rows.Low:0.000}, {options.AucTolerance:0.000} is let pass");
        if (verdict.HoldoutAuc is not { } holdout)
            yield return "the hold-out has no rows of both labels";
        else if (holdout.Difference < -options.AucTolerance)
            yield return string.Create(CultureInfo.InvariantCulture, $"on the hold-out its AUC is lower by {-holdout.Difference:0.000}, {options.AucTolerance:0.000} is let pass");
        else if (holdout.Low < -options.HoldoutTolerance)
            yield return string.Create(CultureInfo.InvariantCulture, $"on the hold-out its AUC may be lower by {-holdout.Low:0.000}, {options.HoldoutTolerance:0.000} is let pass");
        if (verdict.CandidateFalseLocal > verdict.CurrentFalseLocal + options.FalseLocalTolerance)
            yield return string.Create(CultureInfo.InvariantCulture, $"on the hold-out it keeps {verdict.CandidateFalseLocal:0.000} of the hard prompts local, the model in force {verdict.CurrentFalseLocal:0.000}");
        if (verdict.TrafficAuc is not { Low: > 0 })
            yield return "on own traffic it is not surely better";
        else if (verdict.LeastWithoutOneCaller is <= 0)
            yield return "on own traffic it is better by one caller's judgements alone";
    }

    private static PairedAuc Paired(IEnumerable<TrafficScore> rows) => new([.. rows.Select(t => new PairedScore(t.Failed, t.Voice, t.Current, t.Candidate))]);

    private static double FalseLocal(IReadOnlyList<HoldoutScore> rows, Func<HoldoutScore, bool> local)
    {
        var high = rows.Where(r => r.High).ToList();
        return high.Count == 0 ? 0 : (double)high.Count(local) / high.Count;
    }
}
