using HybridRouter.Embedding;
using HybridRouter.Triage.Features;
using HybridRouter.Triage.Training;

namespace HybridRouter.Triage;

/// <summary>A second opinion that also knows the meaning of the text. It costs some milliseconds, so it is asked only where it can change a decision.</summary>
/// <param name="Model">Over the features of the text and the embedding.</param>
/// <param name="Band">How far it moves a score at most in 19 of 20 cases, 0..1.</param>
internal sealed record Refinement(LinearModel Model, ISentenceEncoder Encoder, float Band)
{
    /// <summary>Beyond this length the encoder has seen too little of a prompt to say anything.</summary>
    public const int LongestPrompt = 4 * (int)FeatureSchema.EmbeddingWindow;

    public bool Applies(FeatureBuffer buffer) => buffer.TaskChars <= LongestPrompt;
}
