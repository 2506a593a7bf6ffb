using HybridRouter.Backends;
using HybridRouter.Learning;
using static HybridRouter.Learning.TrafficSignal;

namespace HybridRouter.UnitTests.Learning;

/// <summary>The table of <c>docs/learning.md</c>.</summary>
public sealed class TrafficLabelsTests
{
    public static TheoryData<TrafficSignal, double, double, double> OfLocalAnswers { get; } = new()
    {
        { Outcome, 1, 0.03, 0.9 },
        { Outcome, 0, 0.97, 0.9 },
        { Rating, 1, 0.1, 0.6 },
        { Rating, 0.75, 0.3, 0.3 },
        { Rating, 0.25, 0.7, 0.3 },
        { Rating, 0, 0.9, 0.6 },
        { Teacher, 0.42, 0.42, 0.5 },
        { Draft, 3, 0.85, 0.4 },
        { Escalation, 1, 0.85, 0.35 },
        { Regenerate, 1, 0.7, 0.2 },
        { Repeat, 1, 0.65, 0.15 },
        { Cancelled, 1, 0.6, 0.1 },
    };

    [Theory]
    [MemberData(nameof(OfLocalAnswers))]
    public void Judge_LocalAnswer_IsTheTable(TrafficSignal kind, double value, double target, double weight)
    {
        foreach (var outcome in new[] { TrafficOutcome.Ok, TrafficOutcome.Cancelled })
        {
            var label = TrafficLabels.Judge(RouteKind.Local, outcome, One(kind, value))!.Value;
            Assert.Equal((target, weight), (Math.Round(label.Target, 9), Math.Round(label.Weight, 9)));
        }
    }

    [Theory]
    [MemberData(nameof(OfLocalAnswers))]
    public void Judge_CloudAnswerOrABrokenOne_OnlyTeacherAndDraftSpeakOfTheLocalModel(TrafficSignal kind, double value, double target, double weight)
    {
        TrafficLabel? expected = kind is Teacher or Draft ? new(target, weight) : null;

        Assert.Equal(expected, TrafficLabels.Judge(RouteKind.Cloud, TrafficOutcome.Ok, One(kind, value)));
        Assert.Equal(expected, TrafficLabels.Judge(RouteKind.Local, TrafficOutcome.Failed, One(kind, value)));
        Assert.Equal(expected, TrafficLabels.Judge(RouteKind.Local, TrafficOutcome.Cut, One(kind, value)));
    }

    [Fact]
    public void Judge_SeveralSignals_TheStrongestKindDecides()
    {
        var signals = new Dictionary<TrafficSignal, double> { [Cancelled] = 1, [Repeat] = 1, [Regenerate] = 1, [Escalation] = 1, [Draft] = 1, [Teacher] = 0.2, [Rating] = 1, [Outcome] = 0 };
        foreach (var kind in new[] { Outcome, Rating, Teacher, Draft, Escalation, Regenerate, Repeat, Cancelled })
        {
            Assert.Equal(TrafficLabels.Judge(RouteKind.Local, TrafficOutcome.Ok, One(kind, signals[kind])), TrafficLabels.Judge(RouteKind.Local, TrafficOutcome.Ok, signals));
            signals.Remove(kind);
        }
    }

    [Fact]
    public void Judge_SilenceOrTheMiddleOfTheScale_IsNoLabel()
    {
        Assert.Null(TrafficLabels.Judge(RouteKind.Local, TrafficOutcome.Ok, new Dictionary<TrafficSignal, double>()));
        Assert.Null(TrafficLabels.Judge(RouteKind.Local, TrafficOutcome.Ok, One(Rating, 0.5)));
        // Neither praise nor blame leaves the word to what the client did.
        Assert.Equal(0.1, TrafficLabels.Judge(RouteKind.Local, TrafficOutcome.Ok, new Dictionary<TrafficSignal, double> { [Rating] = 0.5, [Cancelled] = 1 })!.Value.Weight);
    }

    private static Dictionary<TrafficSignal, double> One(TrafficSignal kind, double value) => new() { [kind] = value };
}
