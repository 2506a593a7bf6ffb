using HybridRouter.Triage;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>A classifier with an opinion that a test can choose: prompts with the word "hard" are.</summary>
internal sealed class MarkedPromptClassifier : IPromptClassifier
{
    public const float Hard = 0.9f, Easy = 0.1f;

    public string Version => "marked";

    public float Score(TriageInput input) => input.Head.Contains("hard", StringComparison.Ordinal) ? Hard : Easy;

    public IReadOnlyList<FeatureWeight> Explain(TriageInput input, int top) => [new FeatureWeight("says that it is hard", Score(input))];
}
