using System.Text;
using HybridRouter.Backends;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Wire;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Backends.OpenAi;

public sealed class StreamOpeningTests
{
    private const string Role = """{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""";
    private const string Filter = """{"choices":[],"prompt_filter_results":[]}""";
    private const string Word = """{"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}""";
    private const string Finish = """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";
    private const string Oops = """{"error":{"message":"oops","type":"server_error"}}""";

    private readonly FakeTimeProvider _time = new();
    private readonly Upstream _upstream = new();

    [Fact]
    public async Task Open_WholeStream_GivesAllEventsInOrder()
    {
        await _upstream.SendAsync(Filter, Role, Word, Finish, "[DONE]");

        Assert.Equal([Filter, Role, Word, Finish, "[DONE]"], await ReadAsync(await OpenAsync()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Open_ErrorBeforeAnySubstance_IsAFailure(int preamble)
    {
        await _upstream.SendAsync([.. new[] { Filter, Role }.Take(preamble), Oops]);

        var failed = Assert.IsType<BackendReply.Failed>(await OpenAsync());
        Assert.Equal(FailureKind.ServerError, failed.Failure.Kind);
        Assert.True(_upstream.Closed);
    }

    [Fact]
    public async Task Open_RoleOnly_IsHeldUntilSubstance()
    {
        await _upstream.SendAsync(Filter, Role);
        var opening = OpenAsync();
        await _upstream.SendAsync(Role);
        Assert.False(opening.IsCompleted);
        await _upstream.SendAsync(Word);

        Assert.IsType<BackendReply.Streaming>(await opening);
    }

    [Fact]
    public async Task Open_WindowPassed_Commits()
    {
        await _upstream.SendAsync(Role);
        var opening = OpenAsync();
        while (!opening.IsCompleted)
        {
            // The window begins once the first event has been read, on another thread.
            await Task.Yield();
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }
        var streaming = Assert.IsType<BackendReply.Streaming>(await opening);
        await _upstream.SendAsync(Word, Finish, "[DONE]");

        Assert.Equal([Role, Word, Finish, "[DONE]"], await ReadAsync(streaming));
    }

    [Fact]
    public async Task Dispose_WhileTheNextEventIsAwaited_ClosesTheConnection()
    {
        await _upstream.SendAsync(Role);
        var opening = OpenAsync();
        while (!opening.IsCompleted)
        {
            await Task.Yield();
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }
        var reply = await opening;
        await reply.DisposeAsync();
        await reply.DisposeAsync();

        Assert.True(_upstream.Closed);
    }

    [Fact]
    public async Task Open_ErrorAfterSubstance_BreaksTheStream()
    {
        await _upstream.SendAsync(Word, Oops);
        var streaming = await OpenAsync();
        var seen = new List<string>();

        var broken = await Assert.ThrowsAsync<BackendStreamException>(() => ReadAsync(streaming, seen));
        Assert.Equal([Word], seen);
        Assert.Equal("oops", broken.Failure.Error.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_CutBeforeAnySubstance_IsAFailure(bool reset)
    {
        await _upstream.SendAsync(Role);
        if (reset)
            _upstream.Break();
        else
            _upstream.End();

        Assert.Equal(FailureKind.BadReply, Assert.IsType<BackendReply.Failed>(await OpenAsync()).Failure.Kind);
    }

    [Fact]
    public async Task Open_NothingAtAll_IsAFailure()
    {
        _upstream.End();

        Assert.Equal(FailureKind.BadReply, Assert.IsType<BackendReply.Failed>(await OpenAsync()).Failure.Kind);
    }

    [Fact]
    public async Task Open_DoneAlone_IsAFailure()
    {
        await _upstream.SendAsync("[DONE]");

        Assert.Equal(FailureKind.BadReply, Assert.IsType<BackendReply.Failed>(await OpenAsync()).Failure.Kind);
    }

    [Fact]
    public async Task Open_ManyEventsWithoutSubstance_CommitsWhenTheWindowIsFull()
    {
        for (var i = 0; i < StreamOpening.MaxHeldEvents - 1; i++)
            await _upstream.SendAsync(Role);
        var opening = OpenAsync();
        Assert.False(opening.IsCompleted);
        await _upstream.SendAsync(Role);

        Assert.IsType<BackendReply.Streaming>(await opening);
    }

    [Fact]
    public async Task Open_LargeEventsWithoutSubstance_CommitWhenTheWindowIsFull()
    {
        var large = $$"""{"choices":[],"prompt_filter_results":"{{new string('x', StreamOpening.MaxHeldBytes / 2)}}"}""";
        var opening = OpenAsync();
        await _upstream.SendAsync(large);
        await _upstream.SendAsync(large);

        Assert.IsType<BackendReply.Streaming>(await opening);
    }

    [Theory]
    [InlineData("response.output_item.added")]
    [InlineData("response.content_part.added")]
    public async Task Open_ResponsesFailureAfterAnEmptyItem_IsAFailure(string type)
    {
        await _upstream.SendTypedAsync("response.created", "{}");
        await _upstream.SendTypedAsync(type, "{}");
        await _upstream.SendTypedAsync("error", """{"code":"server_error","message":"m"}""");

        Assert.Equal(FailureKind.ServerError, Assert.IsType<BackendReply.Failed>(await _upstream.OpenAsync(WireApi.Responses, _time)).Failure.Kind);
    }

    [Fact]
    public async Task Open_OnlyPings_TimesOut()
    {
        var opening = OpenAsync();
        await _upstream.WriteAsync(": ping\n\n: ping\n\n");
        await _upstream.Asked;
        await TestTime.AdvanceUntilAsync(_time, opening);

        Assert.Equal(FailureKind.Timeout, Assert.IsType<BackendReply.Failed>(await opening).Failure.Kind);
    }

    [Fact]
    public async Task Open_CallerLeaves_Throws()
    {
        using var caller = new CancellationTokenSource();
        var opening = _upstream.OpenAsync(WireApi.ChatCompletions, _time, cancellationToken: caller.Token);
        await _upstream.Asked;
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
    }

    [Fact]
    public async Task Open_ResponsesFailure_IsAFailureUntilOutputBegan()
    {
        await _upstream.SendTypedAsync("response.created", """{"type":"response.created","response":{"error":null}}""");
        await _upstream.SendTypedAsync("response.in_progress", "{}");
        await _upstream.SendTypedAsync("response.failed", """{"response":{"error":{"code":"rate_limit_exceeded","message":"try again in 1.5s"}}}""");

        var failure = Assert.IsType<BackendReply.Failed>(await _upstream.OpenAsync(WireApi.Responses, _time)).Failure;
        Assert.Equal((FailureKind.RateLimited, TimeSpan.FromSeconds(1.5)), (failure.Kind, failure.Error.RetryAfter));
    }

    [Fact]
    public async Task Open_ResponsesFailureAfterOutput_PassesAsItsOwnEvent()
    {
        await _upstream.SendTypedAsync("response.output_text.delta", "{}");
        await _upstream.SendTypedAsync("response.failed", """{"response":{"error":{"code":"server_error"}}}""");
        _upstream.End();
        var streaming = Assert.IsType<BackendReply.Streaming>(await _upstream.OpenAsync(WireApi.Responses, _time));

        Assert.Equal(2, (await ReadAsync(streaming)).Count);
    }

    private Task<BackendReply> OpenAsync() => _upstream.OpenAsync(WireApi.ChatCompletions, _time);

    private static async Task<List<string>> ReadAsync(BackendReply reply, List<string>? seen = null)
    {
        seen ??= [];
        await using (reply)
        {
            await foreach (var item in Assert.IsType<BackendReply.Streaming>(reply).Events)
                seen.Add(Encoding.UTF8.GetString(item.Data.Span));
        }
        return seen;
    }
}
