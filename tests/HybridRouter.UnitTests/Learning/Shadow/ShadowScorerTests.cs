using HybridRouter.Intake;
using HybridRouter.Learning;
using HybridRouter.Learning.Shadow;
using HybridRouter.Triage;
using HybridRouter.UnitTests.Triage;

namespace HybridRouter.UnitTests.Learning.Shadow;

public sealed class ShadowScorerTests
{
    private static readonly TriageInput Prompt = TriageInput.FromPrompt("Write a function that adds two numbers.");

    private readonly ShadowScorer _shadow = new(TimeProvider.System);

    [Fact]
    public void Observe_WatchedCandidate_CountsWhatItWouldDoOtherwise()
    {
        using var candidate = ShippedTriage.Classifier();
        var own = candidate.Score(Prompt);
        _shadow.Watch(candidate, "now", 0);

        _shadow.Observe(Seen(own + 0.1f, own + 0.05f));
        _shadow.Observe(Seen(own - 0.1f, own - 0.05f));
        _shadow.Observe(Seen(own, own + 0.2f));

        var figures = _shadow.Read()!;
        Assert.Equal((3, 1, 1), (figures.Prompts, figures.ToCloud, figures.ToLocal));
        Assert.Equal(2.0 / 3, figures.Otherwise, 9);
        Assert.Equal((2, 1), (figures.Local.Prompts, figures.Cloud.Prompts));
        Assert.Equal(0.05, figures.Local.MeanShift, 6);
        Assert.Equal(-0.1, figures.Cloud.MeanShift, 6);
        Assert.Equal(0, figures.MeanShift, 6);
    }

    [Fact]
    public void Observe_CutoffStep_MovesTheCandidatesCutoff()
    {
        using var candidate = ShippedTriage.Classifier();
        var own = candidate.Score(Prompt);
        _shadow.Watch(candidate, "now", -0.05f);

        _shadow.Observe(Seen(own, own + 0.02f));

        Assert.Equal(1, _shadow.Read()!.ToCloud);
    }

    [Fact]
    public void Observe_ScoredByAnotherModelOrNotAtAll_IsPassedOver()
    {
        using var candidate = ShippedTriage.Classifier();
        _shadow.Watch(candidate, "now", 0);

        _shadow.Observe(Seen(0.5f, 0.5f) with { ModelVersion = "before" });
        _shadow.Observe(Seen(0.5f, 0.5f) with { Score = null });
        _shadow.Observe(Seen(0.5f, 0.5f) with { Domain = PromptDomain.Video });

        Assert.Equal(0, _shadow.Read()!.Prompts);
    }

    [Fact]
    public void Watch_TheSamePairGoesOn_AnotherBeginsAnew_NoneIsNone()
    {
        using var candidate = ShippedTriage.Classifier();
        Assert.Null(_shadow.Read());
        _shadow.Watch(candidate, "now", 0);
        _shadow.Observe(Seen(0.5f, 0.5f));

        _shadow.Watch(candidate, "now", 0);
        Assert.Equal(1, _shadow.Read()!.Prompts);
        _shadow.Watch(candidate, "next", 0);
        Assert.Equal(0, _shadow.Read()!.Prompts);
        _shadow.Watch(null, "next", 0);
        Assert.Null(_shadow.Read());
    }

    private static TrafficObservation Seen(float score, float cutoff) => new()
    {
        RequestId = "r",
        At = default,
        EndedAt = default,
        Caller = new CallerIdentity("a"),
        Triage = Prompt,
        ModelVersion = "now",
        Score = score,
        Cutoff = cutoff,
        Route = HybridRouter.Backends.RouteKind.Local,
        Model = "small",
        Outcome = TrafficOutcome.Ok,
    };
}
