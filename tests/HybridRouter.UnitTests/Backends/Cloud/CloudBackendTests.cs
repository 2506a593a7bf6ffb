using System.Net;
using HybridRouter.Backends;
using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.Quota.Stores;
using HybridRouter.UnitTests.Local;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class CloudBackendTests
{
    private readonly SkippingTime _time = new();
    private readonly Queue<Func<HttpResponseMessage>> _answers = new();
    private readonly List<string?> _asked = [];
    private double _jitter;

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.5, 0.25, 0.5)]
    [InlineData(0.999, 0.4995, 0.999)]
    public async Task Send_ServerErrors_RetriesWithFullJitterThatDoubles(double jitter, double first, double second)
    {
        _jitter = jitter;
        Answer(500, 500, 500);

        var failed = Assert.IsType<BackendReply.Failed>(await SendAsync());
        Assert.Equal(FailureKind.ServerError, failed.Failure.Kind);
        AssertGaps(first, second);
    }

    [Fact]
    public async Task Send_ManyRetries_NeverWaitLongerThanTheMost()
    {
        _jitter = 0.999;
        Answer([.. Enumerable.Repeat(500, 9)]);

        await SendAsync(o => (o.MaxRetries, o.MaxBackoffSeconds) = (8, 2));
        AssertGaps(0.4995, 0.999, 1.998, 1.998, 1.998, 1.998, 1.998, 1.998);
    }

    [Fact]
    public async Task Send_FailsThenAnswers_GivesTheAnswer()
    {
        Answer(502, 200);

        Assert.IsType<BackendReply.Complete>(await SendAsync());
        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public async Task Send_BadAnswerOrNoConnection_IsTriedAgain()
    {
        _answers.Enqueue(() => StubHandler.Json("not json"));
        _answers.Enqueue(() => throw new HttpRequestException(HttpRequestError.ConnectionError));
        Answer(200);

        Assert.IsType<BackendReply.Complete>(await SendAsync());
    }

    [Theory]
    [InlineData(429, "Retry-After", "3", 3)]
    [InlineData(429, "retry-after-ms", "2500", 2.5)]
    [InlineData(429, "Retry-After", "0", 0)]
    [InlineData(503, "Retry-After", "4", 4)]
    [InlineData(500, "Retry-After", "4", 4)]
    public async Task Send_ToldToWait_WaitsThatLongAndTheJitter(int status, string header, string value, double told)
    {
        _jitter = 0.5;
        Answer(status, 200);
        WithHeader(header, value);

        Assert.IsType<BackendReply.Complete>(await SendAsync());
        AssertGaps(told + 0.25);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Send_ToldToWaitTooLong_GivesUpAtOnce(int status)
    {
        Answer(status, 200);
        WithHeader("Retry-After", "9");

        var failed = Assert.IsType<BackendReply.Failed>(await SendAsync());
        Assert.Equal(TimeSpan.FromSeconds(9), failed.Failure.Error.RetryAfter);
        Assert.Single(_asked);
    }

    [Theory]
    [InlineData(401, 0)]
    [InlineData(402, 0)]
    [InlineData(403, 0)]
    [InlineData(429, 0.45)]
    public async Task Send_KeyRefusedOrLimited_AnotherKeyAtOnceOrAfterTheJitter(int status, double gap)
    {
        _jitter = 0.9;
        Answer(status, 200, 200, 200);
        var backend = Create(o => o.ApiKeys = ["one", "two"]);

        Assert.IsType<BackendReply.Complete>(await SendAsync(backend));
        AssertGaps(gap);
        await SendAsync(backend);
        await SendAsync(backend);
        Assert.Equal("one two two two", string.Join(' ', _asked));
        Assert.True(backend.Status(backend.Models[0]).Available);
    }

    [Fact]
    public async Task Send_QuotaSpent_SaysSoNowAndNextTime()
    {
        _answers.Enqueue(() => StubHandler.Json("""{"error":{"message":"spent","type":"insufficient_quota"}}""", HttpStatusCode.TooManyRequests));
        var backend = Create(o => o.ApiKeys = ["one"]);

        for (var i = 0; i < 2; i++)
        {
            var failure = Assert.IsType<BackendReply.Failed>(await SendAsync(backend)).Failure;
            Assert.Equal((FailureKind.QuotaExhausted, 429, "insufficient_quota", null), (failure.Kind, failure.Error.Status, failure.Error.Code, failure.Error.RetryAfter));
        }
        Assert.Single(_asked);
        Assert.Equal("the quota of 'openai' is spent", backend.Status(backend.Models[0]).Reason);
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.True(backend.Status(backend.Models[0]).Available);
    }

    [Fact]
    public async Task Send_CredentialsRefused_SaysSoNowAndNextTime()
    {
        Answer(401);
        var backend = Create(o => o.ApiKeys = ["one"]);

        for (var i = 0; i < 2; i++)
        {
            var failure = Assert.IsType<BackendReply.Failed>(await SendAsync(backend)).Failure;
            Assert.Equal((FailureKind.Unauthorized, 502, "upstream_credentials"), (failure.Kind, failure.Error.Status, failure.Error.Code));
        }
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(422)]
    public async Task Send_Rejected_IsNotTriedAgain(int status)
    {
        Answer(status);

        Assert.Equal(FailureKind.Rejected, Assert.IsType<BackendReply.Failed>(await SendAsync()).Failure.Kind);
        Assert.Single(_asked);
    }

    [Fact]
    public async Task Send_CallerLeavesDuringTheWait_Stops()
    {
        _jitter = 0.9;
        _time.Skip = false;
        Answer(500);
        using var caller = new CancellationTokenSource();
        var sending = Create().SendAsync(Request, caller.Token);
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Single(_asked);
    }

    [Fact]
    public async Task Send_KeyOfAnUnsetVariable_IsUnavailableAndNeverSends()
    {
        var backend = Create(o => o.ApiKeys = ["env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE"]);

        Assert.False(backend.Status(backend.Models[0]).Available);
        Assert.Equal(FailureKind.Unauthorized, Assert.IsType<BackendReply.Failed>(await SendAsync(backend)).Failure.Kind);
        Assert.Empty(_asked);
    }

    [Theory]
    [InlineData(CloudWire.Both, false, WireApi.ChatCompletions | WireApi.Responses | WireApi.Completions)]
    [InlineData(CloudWire.Chat, false, WireApi.ChatCompletions | WireApi.Completions)]
    [InlineData(CloudWire.Responses, false, WireApi.Responses)]
    [InlineData(CloudWire.Both, true, WireApi.Embeddings)]
    public void Models_Wire_SaysWhatIsSpoken(CloudWire wire, bool embeddings, WireApi apis) =>
        Assert.Equal(apis, Create(o => (o.Models[0].Wire, o.Models[0].Embeddings) = (wire, embeddings)).Models[0].Apis);

    private static BackendRequest Request => new(WireApi.ChatCompletions, new ServedModel("m", "m"), "{}"u8.ToArray(), Stream: false);

    private CloudBackend Create(Action<CloudProviderOptions>? change = null)
    {
        var options = new CloudProviderOptions { Name = "openai", BaseUrl = "http://cloud/v1", ApiKeys = ["one"], Models = [new CloudModelOptions { Name = "m" }] };
        change?.Invoke(options);
        var http = StubHandler.Invoker((request, _) =>
        {
            _asked.Add(request.Headers.Authorization?.Parameter);
            return _answers.Dequeue()();
        });
        return new CloudBackend(options, new QuotaOptions(), http, new InProcessQuotaStore(_time), _time, () => _jitter, NullLogger.Instance);
    }

    private Task<BackendReply> SendAsync(Action<CloudProviderOptions>? change = null) => SendAsync(Create(change));

    private Task<BackendReply> SendAsync(CloudBackend backend) => backend.SendAsync(Request, TestContext.Current.CancellationToken);

    private void Answer(params int[] statuses)
    {
        foreach (var status in statuses)
            _answers.Enqueue(() => StubHandler.Json(status == 200 ? "{}" : """{"error":{"message":"m"}}""", (HttpStatusCode)status));
    }

    private void WithHeader(string name, string value)
    {
        var (first, others) = (_answers.Dequeue(), _answers.ToArray());
        _answers.Clear();
        _answers.Enqueue(() =>
        {
            var response = first();
            response.Headers.TryAddWithoutValidation(name, value);
            return response;
        });
        foreach (var other in others)
            _answers.Enqueue(other);
    }

    private void AssertGaps(params double[] seconds)
    {
        Assert.Equal(seconds.Length + 1, _asked.Count);
        // A wait of nothing sets no timer; timers have whole milliseconds.
        Assert.Equal(seconds.Where(s => s > 0).Select(s => Math.Floor(s * 1000)), _time.Waits.Select(w => w.TotalMilliseconds));
    }

    /// <summary>Waits between tries are noted and over at once; the timeouts of a try, which are longer, stay.</summary>
    private sealed class SkippingTime : FakeTimeProvider
    {
        private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

        public List<TimeSpan> Waits { get; } = [];

        public bool Skip { get; set; } = true;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (Skip && dueTime < Longest)
            {
                Waits.Add(dueTime);
                Advance(dueTime);
            }
            return timer;
        }
    }
}
