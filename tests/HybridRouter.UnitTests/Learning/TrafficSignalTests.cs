using HybridRouter.Backends;
using HybridRouter.Intake;
using HybridRouter.Learning;

namespace HybridRouter.UnitTests.Learning;

/// <summary>What clients do tells of the answer before.</summary>
public sealed class TrafficSignalTests : IAsyncDisposable
{
    private readonly TrafficRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task SameQuestion_InAnotherSession_IsARepeat() =>
        Assert.Equal(["first Repeat 1"], await AskTwiceAsync(again: s => s with { Session = "5:alice/s2" }));

    [Theory]
    [InlineData("  Add\ttwo \n numbers ")]
    [InlineData("add two numbers")]
    public async Task SameQuestion_CaseAndSpaces_DoNotMatter(string prompt) =>
        Assert.Equal(["first Regenerate 1"], await AskTwiceAsync(again: s => s with { Triage = HybridRouter.Triage.TriageInput.FromPrompt(prompt) }));

    [Fact]
    public async Task SameRequest_OfACloudAnswer_IsKeptAsWell() =>
        Assert.Equal(["first Regenerate 1"], await AskTwiceAsync(s => s with { Route = RouteKind.Cloud }));

    [Fact]
    public async Task SameQuestion_LaterInTheConversation_IsARepeat() =>
        Assert.Equal(["first Repeat 1"], await AskTwiceAsync(again: s => s with { Triage = s.Triage with { EarlierTurns = 2, ContextTokens = 40 } }));

    [Fact]
    public async Task SameQuestion_OfTheCloudAfterALocalAnswer_IsAnEscalation() =>
        Assert.Equal(["first Escalation 1"], await AskTwiceAsync(again: s => s with { AskedForCloud = true, Route = RouteKind.Cloud }));

    [Fact]
    public async Task SameQuestion_OfAClientThatAlwaysNamesTheCloud_IsNoEscalation() =>
        Assert.Equal(["first Regenerate 1"], await AskTwiceAsync(s => s with { AskedForCloud = true }, s => s with { AskedForCloud = true, Route = RouteKind.Cloud }));

    [Fact]
    public async Task SameQuestion_TenMinutesAfterTheAnswer_StillCounts() => Assert.Equal(["first Regenerate 1"], await AskTwiceAsync(seconds: 605));

    [Fact]
    public async Task SameQuestion_LaterThanThat_DoesNot() => Assert.Empty(await AskTwiceAsync(seconds: 605.001));

    [Fact]
    public async Task SameQuestion_WhileTheFirstIsUnderWay_IsOneOfSeveralAtOnce() => Assert.Empty(await AskTwiceAsync(seconds: 4.999));

    [Fact]
    public async Task SameQuestion_OfAnotherCaller_SaysNothing()
    {
        Assert.Empty(await AskTwiceAsync(again: s => s with { Caller = new CallerIdentity("bob") }));
        Assert.Empty(await AskTwiceAsync(again: s => s with { EndUser = "carol" }));
        Assert.Empty(await AskTwiceAsync(again: s => s with { Caller = CallerIdentity.None }));
    }

    [Theory]
    [InlineData(TrafficOutcome.Failed)]
    [InlineData(TrafficOutcome.Cut)]
    public async Task SameQuestion_AfterAnAnswerThatBroke_IsOnlyARetry(TrafficOutcome outcome) => Assert.Empty(await AskTwiceAsync(s => s with { Outcome = outcome }));

    [Fact]
    public async Task ToolLoop_EndsWithTheSameQuestionEachTime_AndNobodyAskedAgain() =>
        Assert.Empty(await AskTwiceAsync(again: s => s with { Triage = s.Triage with { ToolResults = 1 } }));

    [Fact]
    public async Task EmptyPrompts_AreNotTheSameQuestion() =>
        Assert.Empty(await AskTwiceAsync(s => s with { Triage = HybridRouter.Triage.TriageInput.FromPrompt(" ") }, s => s with { Triage = HybridRouter.Triage.TriageInput.FromPrompt("") }));

    [Fact]
    public async Task LeftMidStream_OfALocalAnswerOnly()
    {
        await _rig.KeepAsync(
            _rig.Seen("a", "local") with { Outcome = TrafficOutcome.Cancelled, LeftMidStream = true },
            _rig.Seen("b", "cloud") with { Outcome = TrafficOutcome.Cancelled, LeftMidStream = true, Route = RouteKind.Cloud },
            _rig.Seen("c", "early") with { Outcome = TrafficOutcome.Cancelled });

        Assert.Equal(["local Cancelled 1"], _rig.Signals());
    }

    [Fact]
    public async Task Draft_Findings_AreKeptByNameAndTextIsNot()
    {
        await _rig.KeepAsync(
            _rig.Seen("a", "found") with { DraftFindings = ["syntax-error", "empty", "empty"] },
            _rig.Seen("b", "text") with { DraftFindings = ["The user wrote: my password is"] });

        Assert.Equal(["found Draft 2"], _rig.Signals());
        Assert.Equal(["syntax-error,empty"], _rig.Query("SELECT detail FROM signals", r => r.GetString(0)));
        Assert.False(_rig.OnDisk("password"u8));
    }

    [Fact]
    public async Task Write_SameRowTwice_JudgesOnce()
    {
        var first = _rig.Seen(id: "first");
        await _rig.KeepAsync(first, first);

        Assert.Empty(_rig.Signals());
        Assert.Equal(1, _rig.Store.ReadStatus().Requests);
    }

    /// <summary>Two answers of five seconds each, the second question some seconds after the first; and what is known then.</summary>
    private async Task<List<string>> AskTwiceAsync(Func<TrafficObservation, TrafficObservation>? first = null, Func<TrafficObservation, TrafficObservation>? again = null, double seconds = 60)
    {
        _rig.Execute("DELETE FROM requests");
        var one = _rig.Seen(id: "first");
        await _rig.KeepAsync(first?.Invoke(one) ?? one);
        _rig.Advance(seconds);
        var two = _rig.Seen(id: "second");
        await _rig.KeepAsync(again?.Invoke(two) ?? two);
        return _rig.Signals();
    }
}
