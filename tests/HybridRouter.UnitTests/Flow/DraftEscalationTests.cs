using System.Text;
using HybridRouter.Backends;
using HybridRouter.Callers;
using HybridRouter.Configuration;
using HybridRouter.Flow;
using HybridRouter.Quota;
using HybridRouter.Routing;
using HybridRouter.UnitTests.Callers;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Flow;

/// <summary>What becomes of a local draft that is doubted, and what is charged for it. The clock stands until it is moved.</summary>
public sealed class DraftEscalationTests
{
    private const string Chat = """{"model":"auto","messages":[{"role":"user","content":"one two three four"}]}""";
    private const string ChatStream = """{"model":"auto","stream":true,"messages":[{"role":"user","content":"one two three four"}]}""";
    private const string Bad = """{"id":"bad","choices":[{"message":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":10}}""";
    private const string Good = """{"id":"good","choices":[{"message":{"content":"Use a list."},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":10}}""";
    private const string Piece = """{"choices":[{"delta":{"content":"Use "}}]}""";
    private const string Empty = """{"choices":[{"delta":{"content":" "}}]}""";
    private const string End = """{"choices":[{"delta":{},"finish_reason":"stop"}]}""";
    private const string Counts = """{"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":10}}""";

    private readonly CallerRig _rig = new(o => o.Limits.EachKey = new CallerLimitOptions { RequestsPerMinute = 100, TokensPerMinute = 100_000, ConcurrentRequests = 1 });

    public DraftEscalationTests() => _rig.Profile = new() { DraftCheck = new() { Mode = DraftCheckMode.Escalate } };

    [Fact]
    public async Task Escalate_DoubtedDraft_CloudAnswersAndBothAreChargedAsOneRequest()
    {
        _rig.Local.Answers(Bad);
        _rig.CloudModel.Answers(Good);
        await using (var answer = await SendAsync(Chat))
        {
            Assert.Equal((RouteKind.Cloud, "escalated: draft empty", false), (answer.Decision.Route, answer.Decision.Reason, answer.Decision.FellBack));
            Assert.Equal(["empty"], answer.Decision.DraftFindings);
            Assert.Contains("good", Body(answer));
            Assert.Equal(("small", 30L), (answer.Draft!.Decision.Model, answer.Draft.Usage.Seen!.Value.Total));
            Assert.Equal(("req_1", "empty", 1.0, true), Assert.Single(_rig.Checked.Told));
            Assert.Equal(1, _rig.Local.Released);
            Assert.Contains(answer.Reply.Headers, h => h is { Key: "x-ratelimit-remaining-requests", Value: "99" });
        }

        await AssertChargedAsync(requests: 1, tokens: 60);
    }

    [Fact]
    public async Task Escalate_GoodDraft_IsTheAnswer()
    {
        _rig.Local.Answers(Good);
        await using (var answer = await SendAsync(Chat))
        {
            Assert.Equal((RouteKind.Local, "planned"), (answer.Decision.Route, answer.Decision.Reason));
            Assert.Equal(Good, Body(answer));
            Assert.Equal(("req_1", "", 0.0, false), Assert.Single(_rig.Checked.Told));
            // The engine has done its part; the client may take its time.
            Assert.Equal(1, _rig.Local.Released);
        }

        Assert.Empty(_rig.CloudModel.Asked);
        await AssertChargedAsync(requests: 1, tokens: 30);
    }

    [Theory]
    [InlineData(FailureKind.QuotaExhausted)]
    [InlineData(FailureKind.ServerError)]
    [InlineData(FailureKind.Rejected)]
    [InlineData(FailureKind.CallerLimited)]
    public async Task Escalate_CloudFails_TheDraftIsKeptAndChargedOnce(FailureKind kind)
    {
        _rig.Local.Answers(Bad);
        _rig.CloudModel.Fails(kind);
        await using (var answer = await SendAsync(Chat))
        {
            Assert.Equal((RouteKind.Local, "escalation failed: kept the local draft"), (answer.Decision.Route, answer.Decision.Reason));
            Assert.Equal(["empty"], answer.Decision.DraftFindings);
            Assert.Equal(Bad, Body(answer));
            Assert.Equal(("req_1", "empty", 1.0, false), Assert.Single(_rig.Checked.Told));
            Assert.Equal(30, answer.Usage.Seen!.Value.Total);
        }

        await AssertChargedAsync(requests: 1, tokens: 30);
    }

    [Fact]
    public async Task Escalate_CloudFails_TheNextCloudModelIsTried()
    {
        _rig.Local.Answers(Bad);
        var other = new ScriptedBackend("spare", RouteKind.Cloud).Answers(Good);
        _rig.CloudModel.Fails(FailureKind.RateLimited);
        await using var answer = await SendAsync(Chat, _rig.Target(RouteKind.Local), _rig.Target(RouteKind.Cloud), new RouteTarget(other, new ServedModel("other", "other")));

        Assert.Equal(("spare", "escalated: draft empty"), (answer.Decision.Backend, answer.Decision.Reason));
    }

    [Fact]
    public async Task Escalate_Stream_IsReplayedInOrder()
    {
        _rig.Local.Streams(Piece, Piece, End, Counts, "[DONE]");
        await using (var answer = await SendAsync(ChatStream))
            Assert.Equal([Piece, Piece, End, "[DONE]"], await EventsAsync(answer));

        await AssertChargedAsync(requests: 1, tokens: 30);
    }

    [Fact]
    public async Task Escalate_DoubtedStream_CloudStreams()
    {
        _rig.Local.Streams(Empty, End, Counts, "[DONE]");
        _rig.CloudModel.Streams(Piece, End, Counts, "[DONE]");
        await using (var answer = await SendAsync(ChatStream))
        {
            Assert.Equal("escalated: draft empty", answer.Decision.Reason);
            Assert.Equal([Piece, End, "[DONE]"], await EventsAsync(answer));
        }

        await AssertChargedAsync(requests: 1, tokens: 60);
    }

    [Fact]
    public async Task Escalate_DoubtedStreamAndNoCloud_IsReplayedInOrder()
    {
        _rig.Local.Streams(Empty, End, Counts, "[DONE]");
        _rig.CloudModel.Fails(FailureKind.QuotaExhausted);
        await using (var answer = await SendAsync(ChatStream))
            Assert.Equal([Empty, End, "[DONE]"], await EventsAsync(answer));

        await AssertChargedAsync(requests: 1, tokens: 30);
    }

    [Fact]
    public async Task Escalate_StreamBreaksWhileHeld_CloudAnswersAndTheFailureIsFree()
    {
        async IAsyncEnumerable<SseEvent> Broken()
        {
            await foreach (var item in ScriptedBackend.Events(Piece, Piece))
                yield return item;
            throw new BackendStreamException(new BackendFailure(FailureKind.BadReply, ApiError.BadGateway("cut")));
        }
        _rig.Local.Answer = (_, _) => Task.FromResult<BackendReply>(new BackendReply.Streaming(Broken()));
        _rig.CloudModel.Streams(Piece, End, Counts, "[DONE]");
        await using (var answer = await SendAsync(ChatStream))
        {
            Assert.Equal(("cloud fallback: local sent a bad reply", true), (answer.Decision.Reason, answer.Decision.FellBack));
            await EventsAsync(answer);
        }

        await AssertChargedAsync(requests: 1, tokens: 30);
    }

    [Fact]
    public async Task Hold_TimeIsOver_TheDraftIsLetThroughAndCheckedLater()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _rig.Local.Answer = (_, _) => Task.FromResult<BackendReply>(new BackendReply.Streaming(Gated(gate.Task, Empty, Empty, End, Counts, "[DONE]")));
        var sending = SendAsync(ChatStream);
        while (!sending.IsCompleted)
        {
            _rig.Time.Advance(TimeSpan.FromSeconds(61));
            await Task.Yield();
        }
        await using (var answer = await sending)
        {
            Assert.Equal("planned", answer.Decision.Reason);
            gate.SetResult();
            Assert.Equal([Empty, Empty, End, "[DONE]"], await EventsAsync(answer));
        }

        Assert.Empty(_rig.CloudModel.Asked);
        Assert.Equal(("req_1", "empty", 1.0, false), await LaterAsync());
        await AssertChargedAsync(requests: 1, tokens: 30);
    }

    [Fact]
    public async Task Hold_MoreThanIsHeld_TheDraftIsLetThrough()
    {
        _rig.Profile.DraftCheck!.MaxHeldKiB = 64;
        var blank = """{"choices":[{"delta":{"content":"X"}}]}""".Replace("X", new string(' ', 30_000));
        var pulled = 0;
        async IAsyncEnumerable<SseEvent> Events()
        {
            await foreach (var item in ScriptedBackend.Events([.. Enumerable.Repeat(blank, 50), End, "[DONE]"]))
            {
                pulled++;
                yield return item;
            }
        }
        _rig.Local.Answer = (_, _) => Task.FromResult<BackendReply>(new BackendReply.Streaming(Events()));
        await using var answer = await SendAsync(ChatStream);

        Assert.Equal("planned", answer.Decision.Reason);
        Assert.InRange(pulled, 3, 4);
        Assert.Equal(52, (await EventsAsync(answer)).Count);
        Assert.Empty(_rig.CloudModel.Asked);
    }

    [Fact]
    public async Task Hold_LetThroughAndLeft_StopsTheEngine()
    {
        _rig.Profile.DraftCheck!.MaxHoldSeconds = 1;
        var stopped = new TaskCompletionSource();
        async IAsyncEnumerable<SseEvent> Forever([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token = default)
        {
            try
            {
                yield return (await ScriptedBackend.Events(Piece).FirstAsync(token));
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            }
            finally
            {
                stopped.TrySetResult();
            }
        }
        _rig.Local.Answer = (_, token) => Task.FromResult<BackendReply>(new BackendReply.Streaming(Forever(token)));
        var sending = SendAsync(ChatStream);
        while (!sending.IsCompleted)
        {
            _rig.Time.Advance(TimeSpan.FromSeconds(2));
            await Task.Yield();
        }
        // Disposed though its token was not cancelled, in the middle of a wait for the next event.
        await (await sending).DisposeAsync();

        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Hold_ClientLeaves_StopsAndChargesWhatWasGenerated()
    {
        using var client = new CancellationTokenSource();
        async IAsyncEnumerable<SseEvent> Events([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token = default)
        {
            await foreach (var item in ScriptedBackend.Events(Piece, Piece))
                yield return item;
            await client.CancelAsync();
            token.ThrowIfCancellationRequested();
        }
        _rig.Local.Answer = (_, token) => Task.FromResult<BackendReply>(new BackendReply.Streaming(Events(token)));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SendAsync(ChatStream, client.Token));
        Assert.Empty(_rig.CloudModel.Asked);
        // Two pieces of four characters, and the request itself.
        var estimate = _rig.Local.Asked[0].Admission!.Estimate;
        await AssertChargedAsync(requests: 1, tokens: estimate.Input + 3);
    }

    [Fact]
    public async Task Escalate_WithoutACloudStepOrAgainstTheProfile_OnlyObserves()
    {
        _rig.Local.Answers(Bad);
        await using (var alone = await SendAsync(Chat, _rig.Target(RouteKind.Local)))
            Assert.Equal("planned", alone.Decision.Reason);
        Assert.Equal(("req_1", "empty", 1.0, false), await LaterAsync());

        _rig.Profile.CloudFallback = false;
        await using (var stays = await SendAsync(Chat))
            Assert.Equal("planned", stays.Decision.Reason);
        Assert.Empty(_rig.CloudModel.Asked);
    }

    [Fact]
    public async Task Observe_Draft_PassesAndIsCheckedAfterwards()
    {
        _rig.Profile.DraftCheck!.Mode = DraftCheckMode.Observe;
        _rig.Local.Answers(Bad);
        await using (var answer = await SendAsync(Chat))
        {
            Assert.Equal(Bad, Body(answer));
            Assert.Empty(_rig.Checked.Told);
        }

        Assert.Equal(("req_1", "empty", 1.0, false), await LaterAsync());
        Assert.Empty(_rig.CloudModel.Asked);
    }

    [Fact]
    public async Task Observe_StreamThatTheClientLeft_IsNotChecked()
    {
        _rig.Profile.DraftCheck!.Mode = DraftCheckMode.Observe;
        _rig.Local.Streams(Empty, Empty, End, "[DONE]");
        await using (var left = await SendAsync(ChatStream))
            await CallerRig.ReadAsync(left, events: 1);
        _rig.Local.Answers(Bad);
        await using (await SendAsync(Chat))
        {
        }

        await LaterAsync();
        Assert.Single(_rig.Checked.Told);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("\"logprobs\":true,\"top_logprobs\":3,", false)]
    public async Task LogProbs_AbleModel_AreAskedForAndTakenOutAgain(string asked, bool added)
    {
        const string sure = """{"choices":[{"message":{"content":"Yes."},"logprobs":{"content":[{"logprob":-3}]},"finish_reason":"stop"}]}""";
        _rig.Local.Answers(sure.Replace("""{"logprob":-3}""", string.Join(',', Enumerable.Repeat("""{"logprob":-3}""", 20))));
        _rig.CloudModel.Fails(FailureKind.ServerError);
        var able = new RouteTarget(_rig.Local, new ServedModel("small", "small"));
        await using var answer = await SendAsync(Chat.Replace("\"model\"", asked + "\"model\""), able, _rig.Target(RouteKind.Cloud));

        Assert.Equal("unsure", Assert.Single(_rig.Checked.Told).Findings);
        var sent = Encoding.UTF8.GetString(_rig.Local.Asked[0].Body.Span);
        Assert.Contains(added ? "\"logprobs\":true,\"top_logprobs\":1" : "\"top_logprobs\":3", sent);
        Assert.Equal(!added, Body(answer).Contains("logprobs", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ModelAbilities.Tools, "", true)]
    [InlineData(ModelAbilities.All, "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],", true)]
    [InlineData(ModelAbilities.All, "", false)]
    public async Task LogProbs_UnableModelOrToolsOrTurnedOff_AreNotAskedFor(ModelAbilities abilities, string members, bool turnedOn)
    {
        _rig.Profile.DraftCheck!.LogProbs = turnedOn;
        _rig.Local.Answers(Good);
        var target = new RouteTarget(_rig.Local, new ServedModel("small", "small") { Abilities = abilities });
        await using var answer = await SendAsync(Chat.Replace("\"model\"", members + "\"model\""), target, _rig.Target(RouteKind.Cloud));

        Assert.DoesNotContain("logprobs", Encoding.UTF8.GetString(_rig.Local.Asked[0].Body.Span));
    }

    [Fact]
    public async Task Observer_Throws_TheAnswerStands()
    {
        var desk = Gates.Drafts(_rig.Time, new ThrowingObserver());
        var runner = new CandidateRunner(_rig.Gate, _rig.Store, desk, _rig.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<CandidateRunner>.Instance);
        _rig.Local.Answers(Good);
        using var request = HybridRouter.UnitTests.Intake.Reading.Read(WireApi.ChatCompletions, Chat);
        await using var answer = await runner.RunAsync(request, new RoutePlan([.. Both.Select(t => new RouteStep(t, "planned"))]), null, new AdmissionRules(_rig.Options, _rig.Profile), CancellationToken.None);

        Assert.Equal(Good, Body(answer));
    }

    private RouteTarget[] Both => [_rig.Target(RouteKind.Local), _rig.Target(RouteKind.Cloud)];

    private Task<FlowAnswer> SendAsync(string json, params RouteTarget[] targets) => SendAsync(json, CancellationToken.None, targets);

    private Task<FlowAnswer> SendAsync(string json, CancellationToken cancellationToken, params RouteTarget[] targets) => _rig.SendAsync(
        Endpoint.Of("chat"), json, CallerRig.Alice, targets.Length > 0 ? targets : Both, c => c with { RequestId = "req_1" }, cancellationToken);

    private static string Body(FlowAnswer answer) => Encoding.UTF8.GetString(Assert.IsType<BackendReply.Complete>(answer.Reply).Body.Span);

    private static async Task<List<string>> EventsAsync(FlowAnswer answer)
    {
        var seen = new List<string>();
        await foreach (var item in Assert.IsType<BackendReply.Streaming>(answer.Reply).Events)
            seen.Add(Encoding.UTF8.GetString(item.Data.Span));
        return seen;
    }

    private static async IAsyncEnumerable<SseEvent> Gated(Task gate, params string[] events)
    {
        var first = true;
        await foreach (var item in ScriptedBackend.Events(events))
        {
            yield return item;
            if (first)
                await gate;
            first = false;
        }
    }

    /// <summary>Lets the desk work off what waits there, until it has told the first.</summary>
    private async Task<(string, string, double, bool)> LaterAsync()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var running = _rig.Desk.RunAsync(stop.Token);
        while (_rig.Checked.Told.IsEmpty && !stop.IsCancellationRequested)
            await Task.Yield();
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _rig.Checked.Told.First();
    }

    private async Task AssertChargedAsync(int requests, long tokens)
    {
        var readings = await _rig.Gate.ReadLimitsAsync(CallerRig.Alice, _rig.Options, CancellationToken.None);
        Assert.Equal(
            [requests, tokens, 0],
            ((MeterUnit[])[MeterUnit.Requests, MeterUnit.Tokens, MeterUnit.Slots]).Select(unit => Math.Round(readings.Single(r => r.Meter.Unit == unit).Reading.Taken)));
    }

    private sealed class ThrowingObserver : HybridRouter.Drafts.IDraftObserver
    {
        public void Checked(string requestId, IReadOnlyList<HybridRouter.Drafts.DraftFinding> findings, double doubt, bool escalated) => throw new InvalidOperationException("no");
    }
}
