using HybridRouter.Triage;

namespace HybridRouter.UnitTests.Triage;

public sealed class VideoPromptRuleTests
{
    [Fact]
    public void Score_DemandingPrompt_IsAboveAPlainOne()
    {
        var rule = new VideoPromptRule();

        var plain = rule.Score(TriageInput.FromPrompt("a leaf floating on a pond"));
        var demanding = rule.Score(TriageInput.FromPrompt(
            "First a woman says good morning in close-up, then cut to a crowd dancing under a neon title, the camera orbits for a minute"));

        Assert.InRange(plain, 0f, 0.4f);
        Assert.InRange(demanding, 0.8f, 1f);
    }

    [Fact]
    public void Explain_SpeechInPrompt_NamesIt()
    {
        var reasons = new VideoPromptRule().Explain(TriageInput.FromPrompt("an old man speaks about his dog"), 3);

        Assert.Equal("speech or sound", reasons[0].Feature);
    }

    [Fact]
    public void Score_CueInsideAnotherWord_DoesNotCount()
    {
        var rule = new VideoPromptRule();

        Assert.DoesNotContain(rule.Explain(TriageInput.FromPrompt("a strengthening wind in a japan garden"), 10), r => r.Feature is "several shots" or "camera work");
    }
}
