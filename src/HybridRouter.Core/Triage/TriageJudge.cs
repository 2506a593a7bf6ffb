using System.Globalization;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Triage;

/// <summary>Turns a score into a verdict. A classifier that is missing or fails never stops a request: no score means cloud.</summary>
/// <param name="classifier">Null when no model could be loaded; <paramref name="missing"/> then says why.</param>
public sealed partial class TriageJudge(IPromptClassifier? classifier, float cutoff, string? missing, ILogger<TriageJudge> logger)
{
    public IPromptClassifier? Classifier { get; } = classifier;

    /// <summary>The configured cutoff, where no profile has its own.</summary>
    public float Cutoff { get; } = cutoff;

    public TriageVerdict Judge(TriageInput input, TriageCutoff cutoff)
    {
        if (Classifier is null)
            return Verdict(null, cutoff, missing ?? "the classifier is not loaded");
        try
        {
            var score = Classifier.Score(input, cutoff.Value);
            if (logger.IsEnabled(LogLevel.Debug))
                LogWhy(score, cutoff.Value, InWords(Classifier.Explain(input, ExplainedFeatures, cutoff.Value)));
            return float.IsFinite(score) ? Verdict(score, cutoff) : Verdict(null, cutoff, "the classifier gave no number");
        }
        catch (Exception e)
        {
            LogFailure(e.GetType().Name);
            return Verdict(null, cutoff, "the classifier failed");
        }
    }

    private const int ExplainedFeatures = 6;

    private static string InWords(IReadOnlyList<FeatureWeight> features) =>
        string.Join(", ", features.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Feature} {f.Weight:+0.00;-0.00}")));

    private static TriageVerdict Verdict(float? score, TriageCutoff cutoff, string? failure = null) =>
        new(score, cutoff.Value, failure) { ConfiguredCutoff = cutoff.Configured, CutoffReason = cutoff.Why };

    [LoggerMessage(EventId = 1102, Level = LogLevel.Debug, Message = "Score {Score:0.000} at cutoff {Cutoff:0.000}, moved most by: {Features}")]
    private partial void LogWhy(float score, float cutoff, string features);

    // Only the type: an exception's text may quote the prompt.
    [LoggerMessage(EventId = 1101, Level = LogLevel.Error, Message = "The triage classifier failed with {Exception}; the request goes to the cloud")]
    private partial void LogFailure(string exception);
}
