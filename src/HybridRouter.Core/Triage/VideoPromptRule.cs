namespace HybridRouter.Triage;

/// <summary>
/// A stated rule for video prompts until they have a model of their own. A short local image-to-video clip can show one
/// subject with gentle motion; each thing beyond that adds to the score: several shots, speech, readable text, faces and
/// identity, interacting bodies, camera work, length. Stateless and thread-safe.
/// </summary>
public sealed class VideoPromptRule : IPromptClassifier
{
    private static readonly (string Name, double Weight, string[] Cues)[] Demands =
    [
        ("several shots", 1.2, ["then", "cut to", "scene", "shots", "montage", "transition", "sequence", "storyboard", "first", "finally"]),
        ("speech or sound", 1.4, ["says", "saying", "speaks", "talking", "dialogue", "voice", "sings", "lip", "narrat", "music"]),
        ("readable text", 1.0, ["text", "caption", "title", "logo", "sign reads", "written", "letters", "subtitle"]),
        ("faces and identity", 0.8, ["same character", "face", "portrait", "expression", "identity", "recognizable", "smiles", "cries"]),
        ("interacting bodies", 0.8, ["fight", "dance", "crowd", "hug", "throws", "catches", "collide", "explo", "splash", "shatter", "pours", "transform", "chase"]),
        ("camera work", 0.6, ["camera", "dolly", "tracking shot", "pan ", "zoom", "drone", "orbit", "close-up", "timelapse", "slow motion"]),
        ("length", 0.8, ["minute", "30 seconds", "20 seconds", "long take", "hours"]),
    ];

    private const double Start = -1.6;
    private const double LongPrompt = 0.9;

    public string Version => "video-rule-1";

    public float Score(TriageInput input) => (float)(1 / (1 + Math.Exp(-(Start + Weigh(input).Sum(x => x.Weight)))));

    public IReadOnlyList<FeatureWeight> Explain(TriageInput input, int top) =>
        [.. Weigh(input).OrderByDescending(x => x.Weight).ThenBy(x => x.Feature, StringComparer.Ordinal).Take(Math.Max(0, top))];

    private static IEnumerable<FeatureWeight> Weigh(TriageInput input)
    {
        foreach (var (name, weight, cues) in Demands)
        {
            var seen = cues.Count(cue => Contains(input.Head, cue) || Contains(input.Tail, cue));
            if (seen > 0)
                yield return new FeatureWeight(name, weight * (1 + (0.4 * Math.Min(2, seen - 1))));
        }
        var long01 = Math.Min(1, Math.Log(1 + (input.PromptChars / 60.0)) / Math.Log(11));
        yield return new FeatureWeight("detail of the prompt", LongPrompt * long01);
    }

    /// <summary>A cue counts only at the start of a word.</summary>
    private static bool Contains(string text, string cue)
    {
        var at = text.IndexOf(cue, StringComparison.OrdinalIgnoreCase);
        while (at > 0 && char.IsLetter(text[at - 1]))
            at = text.IndexOf(cue, at + 1, StringComparison.OrdinalIgnoreCase);
        return at >= 0;
    }
}
