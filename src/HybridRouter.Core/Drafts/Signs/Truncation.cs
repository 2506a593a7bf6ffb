namespace HybridRouter.Drafts.Signs;

/// <summary>The context ended before the answer did. A limit that the request itself set is no fault of the model.</summary>
internal static class Truncation
{
    private const double Strong = 0.7;

    /// <summary>Engines count the last token differently.</summary>
    private const int Slack = 2;

    public static double Strength(Draft draft, DraftQuestion question)
    {
        if (!draft.WasCut)
            return 0;
        if (question.MaxOutputTokens is not { } allowed)
            return Strong;
        var tokens = draft.OutputTokens is > 0 and { } counted ? counted : draft.LogProbs.Count;
        return tokens > 0 && tokens + Slack < allowed ? Strong : 0;
    }
}
