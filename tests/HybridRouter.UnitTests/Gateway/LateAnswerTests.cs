using HybridRouter.Backends;
using HybridRouter.Flow;
using HybridRouter.Gateway.Http;
using HybridRouter.Quota.Queue;
using HybridRouter.UnitTests.Translation;
using HybridRouter.Usage;
using HybridRouter.Wire;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Gateway;

public sealed class LateAnswerTests : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);
    private static readonly RouteDecision Decision = new(RouteKind.Cloud, "sky", "big", 0.75f, "complex:\nscore 0.75", false);

    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource<FlowAnswer> _flow = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly WaitNotice _notice;
    private readonly LateAnswer _late;
    private int _disposed;
    private FlowAnswer? _arrived;

    public LateAnswerTests()
    {
        _notice = new WaitNotice(_time);
        _late = new LateAnswer(_flow.Task, _stop, _notice, Every, _time);
    }

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task ComesInTimeAsync_AnswerOrFailureBeforeTheFirstSign_True()
    {
        var coming = _late.ComesInTimeAsync();
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(coming.IsCompleted);
        _flow.SetException(new ApiException(ApiError.Invalid("bad")));

        Assert.True(await coming);
    }

    [Fact]
    public async Task ComesInTimeAsync_NothingYet_False()
    {
        var coming = _late.ComesInTimeAsync();
        _time.Advance(Every);

        Assert.False(await coming);
    }

    [Fact]
    public async Task Events_WaitThenAnswer_SignsRouteAndTheAnswersOwn()
    {
        var source = Events();
        var events = new List<string> { await NextAsync(source) };
        _notice.Tell(TimeSpan.FromSeconds(25.5));
        for (var i = 0; i < 3; i++)
        {
            var next = NextAsync(source);
            _time.Advance(Every);
            events.Add(await next);
        }
        _flow.SetResult(Answer(new BackendReply.Streaming(Wires.Source([Wires.Text("hi"), "[DONE]"]), ReleaseAsync)));
        while (await source.MoveNextAsync())
            events.Add(Line(source.Current));
        await source.DisposeAsync();

        Assert.Equal(
            [": waiting", ": waiting, about 16 s left", ": waiting, about 6 s left", ": waiting", ": route cloud, model big, backend sky, score 0.7500, reason complex:?score 0.75", Wires.Text("hi"), "[DONE]"],
            events);
        Assert.Equal((1, Decision), (_disposed, _arrived!.Decision));
        Assert.Equal(_time.GetTimestamp(), _late.FirstEvent);
    }

    [Fact]
    public async Task Events_RefusedInTheEnd_ThrowsTheFailureAndTellsTheDecision()
    {
        var reading = ReadAsync();
        var failure = new BackendFailure(FailureKind.RateLimited, ApiError.RateLimited("full", TimeSpan.FromSeconds(12)));
        _flow.SetResult(Answer(new BackendReply.Failed(failure)));

        Assert.Same(failure, (await Assert.ThrowsAsync<BackendStreamException>(() => reading)).Failure);
        Assert.Equal((Decision, null, null), (_arrived!.Decision, _late.FirstEvent, _late.Refusal));
    }

    [Fact]
    public async Task Events_NoModelCanServe_ThrowsWithTheErrorAndKeepsIt()
    {
        var reading = ReadAsync();
        var error = ApiError.Unavailable("nobody");
        _flow.SetException(new ApiException(error));

        Assert.Same(error, (await Assert.ThrowsAsync<BackendStreamException>(() => reading)).Failure.Error);
        Assert.Equal((error, null), (_late.Refusal, _arrived));
    }

    [Fact]
    public async Task Events_WholeAnswer_IsABadReply()
    {
        var reading = ReadAsync();
        _flow.SetResult(Answer(new BackendReply.Complete("{}"u8.ToArray(), ReleaseAsync)));

        Assert.Equal(FailureKind.BadReply, (await Assert.ThrowsAsync<BackendStreamException>(() => reading)).Failure.Kind);
        Assert.Equal(1, _disposed);
    }

    [Fact]
    public async Task Events_ReaderLeavesWhileItWaits_StopsTheFlowAndDisposesWhatStillCame()
    {
        var events = Events();
        Assert.True(await events.MoveNextAsync());

        var leaving = events.DisposeAsync();
        Assert.True(_stop.IsCancellationRequested);
        Assert.False(leaving.IsCompleted);
        _flow.SetResult(Answer(new BackendReply.Complete("{}"u8.ToArray(), ReleaseAsync)));
        await leaving;

        Assert.Equal(1, _disposed);
    }

    [Fact]
    public async Task Events_ReaderLeavesAndTheFlowIsCancelled_EndsQuietly()
    {
        var events = Events();
        Assert.True(await events.MoveNextAsync());
        _stop.Token.Register(() => _flow.SetCanceled());

        await events.DisposeAsync();
    }

    private IAsyncEnumerator<SseEvent> Events() =>
        _late.Events(() => new CommentSigns(), answer => _arrived = answer).GetAsyncEnumerator(TestContext.Current.CancellationToken);

    private async Task ReadAsync()
    {
        var source = Events();
        await using var _ = source;
        while (await source.MoveNextAsync())
        {
        }
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<SseEvent> source)
    {
        Assert.True(await source.MoveNextAsync());
        return Line(source.Current);
    }

    private static string Line(SseEvent item) => (item.IsComment ? ": " : "") + Wires.Line(item.Data);

    private static FlowAnswer Answer(BackendReply reply) => new(Decision, reply, new UsageTap());

    private ValueTask ReleaseAsync()
    {
        _disposed++;
        return ValueTask.CompletedTask;
    }
}
