using System.Net;
using System.Text;
using HybridRouter.Backends;
using HybridRouter.Backends.OpenAi;
using HybridRouter.UnitTests.Local;
using HybridRouter.Wire;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Backends.OpenAi;

public sealed class OpenAiEventStreamTests
{
    private const string Word = """{"choices":[{"delta":{"content":"hi"}}]}""";
    private const string Finish = """{"choices":[{"delta":{},"finish_reason":"stop"}]}""";

    private readonly FakeTimeProvider _time = new();
    private readonly Upstream _upstream = new();

    [Fact]
    public async Task Read_EndWithoutDoneOrFinish_IsACut()
    {
        await _upstream.SendAsync(Word, Word);
        _upstream.End();

        await AssertBrokenAsync(FailureKind.BadReply, expected: 2);
    }

    [Fact]
    public async Task Read_ResetInTheMiddle_IsACut()
    {
        await _upstream.SendAsync(Word);
        await using var reply = await _upstream.OpenAsync(WireApi.ChatCompletions, _time);
        _upstream.Break();
        var seen = 0;

        var broken = await Assert.ThrowsAsync<BackendStreamException>(async () =>
        {
            await foreach (var item in Assert.IsType<BackendReply.Streaming>(reply).Events)
                seen++;
        });
        Assert.Equal((FailureKind.BadReply, 1), (broken.Failure.Kind, seen));
    }

    [Theory]
    [InlineData(WireApi.ChatCompletions)]
    [InlineData(WireApi.Completions)]
    public async Task Read_DoneLeftOutAfterFinish_IsAdded(WireApi api)
    {
        await _upstream.SendAsync(Word, Finish);
        _upstream.End();

        Assert.Equal([Word, Finish, "[DONE]"], await ReadAsync(api));
    }

    [Fact]
    public async Task Read_TextThatQuotesAFinishReason_IsNoEnd()
    {
        await _upstream.SendAsync(Word, """{"choices":[{"delta":{"content":"\"finish_reason\":\"stop\""}}]}""");
        _upstream.End();

        await AssertBrokenAsync(FailureKind.BadReply, expected: 2);
    }

    [Fact]
    public async Task Read_AfterDone_ReadsNoFurther()
    {
        await _upstream.SendAsync(Word, "[DONE]", "garbage");

        Assert.Equal([Word, "[DONE]"], await ReadAsync());
    }

    [Theory]
    [InlineData("{\"choices\":")]
    [InlineData("hello")]
    [InlineData("[1]")]
    [InlineData("{} {}")]
    [InlineData("")]
    public async Task Read_EventThatIsNoJsonObject_IsABadReply(string data)
    {
        await _upstream.SendAsync(Word, data, Finish);

        await AssertBrokenAsync(FailureKind.BadReply, expected: 1);
    }

    [Fact]
    public async Task Read_CommentsAndForeignLineEnds_ArePassedOver()
    {
        await _upstream.WriteAsync($": ping\r\n\r\ndata:{Word}\r\n\r\nretry: 5\r\nid: 7\r\ndata: {Finish}\r\r");
        _upstream.End();

        Assert.Equal([Word, Finish, "[DONE]"], await ReadAsync());
    }

    [Fact]
    public async Task Read_SilenceInTheMiddle_TimesOutAfterTheIdleTimeout()
    {
        await _upstream.SendAsync(Word);
        await using var reply = await _upstream.OpenAsync(WireApi.ChatCompletions, _time);
        await using var events = Assert.IsType<BackendReply.Streaming>(reply).Events.GetAsyncEnumerator();
        await events.MoveNextAsync();
        var next = events.MoveNextAsync().AsTask();

        var waited = await TestTime.AdvanceUntilAsync(_time, next);
        var broken = await Assert.ThrowsAsync<BackendStreamException>(() => next);
        Assert.Equal(FailureKind.Timeout, broken.Failure.Kind);
        Assert.Contains("10 seconds", broken.Failure.Error.Message);
        Assert.True(waited >= TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Read_ClientThatReadsSlowly_IsNotTheUpstreamsSilence()
    {
        await _upstream.SendAsync(Word, Word, Finish, "[DONE]");
        await using var reply = await _upstream.OpenAsync(WireApi.ChatCompletions, _time);
        var seen = 0;

        await foreach (var item in Assert.IsType<BackendReply.Streaming>(reply).Events)
        {
            seen++;
            _time.Advance(TimeSpan.FromMinutes(5));
        }
        Assert.Equal(4, seen);
    }

    [Fact]
    public async Task Send_NoHeaders_TimesOutAfterTheFirstByteTimeout()
    {
        var silent = new Upstream { Silent = true };
        var sending = silent.OpenAsync(WireApi.ChatCompletions, _time);

        var waited = await TestTime.AdvanceUntilAsync(_time, sending);
        var failure = Assert.IsType<BackendReply.Failed>(await sending).Failure;
        Assert.Equal(FailureKind.Timeout, failure.Kind);
        Assert.Contains("60 seconds", failure.Error.Message);
        Assert.True(waited >= TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Send_WholeAnswer_HasALongerTimeoutOfItsOwn()
    {
        var silent = new Upstream { Silent = true };
        var sending = silent.OpenAsync(WireApi.ChatCompletions, _time, stream: false);

        var waited = await TestTime.AdvanceUntilAsync(_time, sending);
        Assert.Contains("300 seconds", Assert.IsType<BackendReply.Failed>(await sending).Failure.Error.Message);
        Assert.True(waited >= TimeSpan.FromSeconds(300));
    }

    [Fact]
    public async Task Read_ResponsesWithoutEventLines_TakesTheTypesFromTheData()
    {
        await _upstream.SendAsync("""{"type":"response.created","response":{"id":"r"}}""", """{"type":"response.output_text.delta","delta":"a"}""", """{"type":"response.completed","response":{"id":"r"}}""");
        _upstream.End();
        await using var reply = await _upstream.OpenAsync(WireApi.Responses, _time);
        var types = new List<string?>();

        await foreach (var item in Assert.IsType<BackendReply.Streaming>(reply).Events)
            types.Add(item.Type);
        Assert.Equal(["response.created", "response.output_text.delta", "response.completed"], types);
    }

    [Fact]
    public async Task Send_HeadersButNoEvent_TimesOutAfterTheFirstByteTimeout()
    {
        var sending = _upstream.OpenAsync(WireApi.ChatCompletions, _time);

        var waited = await TestTime.AdvanceUntilAsync(_time, sending);
        Assert.Contains("60 seconds", Assert.IsType<BackendReply.Failed>(await sending).Failure.Error.Message);
        Assert.True(waited >= TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("""{"id":"x"}""", FailureKind.BadReply)]
    [InlineData("<html>", FailureKind.BadReply)]
    [InlineData("""{"error":{"code":"insufficient_quota"}}""", FailureKind.QuotaExhausted)]
    public async Task Send_StreamAnsweredWithJson_IsAFailure(string body, FailureKind kind)
    {
        var upstream = new Upstream { MediaType = "application/json" };
        await upstream.WriteAsync(body);
        upstream.End();

        Assert.Equal(kind, Assert.IsType<BackendReply.Failed>(await upstream.OpenAsync(WireApi.ChatCompletions, _time)).Failure.Kind);
    }

    public static TheoryData<Exception, FailureKind> Troubles => new()
    {
        // What the handler throws when its own limit on connecting has passed.
        { new TaskCanceledException("connect", new TimeoutException()), FailureKind.Unreachable },
        { new HttpRequestException(HttpRequestError.ConnectionError), FailureKind.Unreachable },
        { new HttpRequestException(HttpRequestError.NameResolutionError), FailureKind.Unreachable },
        { new IOException("broken"), FailureKind.Unreachable },
    };

    [Theory, MemberData(nameof(Troubles))]
    public async Task Send_ConnectionTrouble_IsAFailureNotAnException(Exception trouble, FailureKind kind) =>
        Assert.Equal(kind, Assert.IsType<BackendReply.Failed>(await SendAsync(_ => throw trouble)).Failure.Kind);

    [Fact]
    public async Task Send_WholeAnswer_RelaysHarmlessHeadersOnly()
    {
        var reply = await SendAsync(_ =>
        {
            var response = StubHandler.Json("{}");
            foreach (var (name, value) in new[] { ("x-request-id", "r1"), ("x-ratelimit-remaining-tokens", "5"), ("Set-Cookie", "a=b"), ("x-ratelimit-odd", "é"), ("Server", "x") })
                response.Headers.TryAddWithoutValidation(name, value);
            return response;
        });

        Assert.Equal(["x-request-id", "x-ratelimit-remaining-tokens"], reply.Headers.Select(h => h.Key.ToLowerInvariant()));
    }

    [Theory]
    [InlineData(null, "http://host/base/v1/chat/completions", "Bearer sk-1", null)]
    [InlineData("2025-01-01", "http://host/base/v1/openai/deployments/up%2Fstream/chat/completions?api-version=2025-01-01", null, "sk-1")]
    public async Task Send_Request_GoesToItsPlaceWithTheUpstreamsKey(string? azure, string url, string? authorization, string? apiKey)
    {
        HttpRequestMessage? seen = null;
        await SendAsync(
            request =>
            {
                seen = request;
                return StubHandler.Json("{}");
            },
            azure);

        Assert.Equal(url, seen!.RequestUri!.AbsoluteUri);
        Assert.Equal(authorization, seen.Headers.Authorization?.ToString());
        Assert.Equal(apiKey, seen.Headers.TryGetValues("api-key", out var keys) ? keys.Single() : null);
    }

    private static async Task<BackendReply> SendAsync(Func<HttpRequestMessage, HttpResponseMessage> answer, string? azure = null)
    {
        var endpoint = new OpenAiEndpoint(new Uri("http://host/base/v1/")) { AzureApiVersion = azure };
        var connection = new OpenAiConnection(StubHandler.Invoker((request, _) => answer(request)), endpoint, TimeProvider.System);
        return await connection.SendAsync(new BackendRequest(WireApi.ChatCompletions, new ServedModel("m", "up/stream"), "{}"u8.ToArray(), Stream: false), "sk-1", TestContext.Current.CancellationToken);
    }

    private async Task AssertBrokenAsync(FailureKind kind, int expected)
    {
        var seen = new List<string>();
        var broken = await Assert.ThrowsAsync<BackendStreamException>(() => ReadAsync(seen: seen));
        Assert.Equal((kind, expected), (broken.Failure.Kind, seen.Count));
        Assert.True(_upstream.Closed);
    }

    private async Task<List<string>> ReadAsync(WireApi api = WireApi.ChatCompletions, List<string>? seen = null)
    {
        seen ??= [];
        await using var reply = await _upstream.OpenAsync(api, _time);
        await using (reply)
        {
            await foreach (var item in Assert.IsType<BackendReply.Streaming>(reply).Events)
                seen.Add(Encoding.UTF8.GetString(item.Data.Span));
        }
        return seen;
    }
}
