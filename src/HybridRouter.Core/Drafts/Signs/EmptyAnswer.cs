namespace HybridRouter.Drafts.Signs;

/// <summary>Nothing was said and nothing was called. Reasoning is no answer; a gap that stays empty is one.</summary>
internal static class EmptyAnswer
{
    public static double Strength(Draft draft, DraftQuestion question) =>
        !question.IsInfill && draft.Calls.Count == 0 && string.IsNullOrWhiteSpace(draft.Text) && draft.Refusal.Length == 0 ? 1 : 0;
}
