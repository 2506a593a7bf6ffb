using System.Net;
using HybridRouter.Bench;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Bench;

public sealed class RetryingClientTests : IDisposable
{
    private static readonly BenchRequest Request = new(default, new BenchPrompt("hello"), 10, default);

    private readonly FakeTimeProvider _clock = new();
    private readonly Upstream _upstream = new();
    private readonly HttpClient _http;

    public RetryingClientTests() => _http = new HttpClient(_upstream) { BaseAddress = new Uri("http://127.0.0.1/v1/") };

    public void Dispose()
    {
        _http.Dispose();
        _upstream.Dispose();
    }

    [Fact]
    public async Task Ask_RefusedTwice_WaitsEachTimeAndTakesTheNextKey()
    {
        _upstream.Answers = [HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests, HttpStatusCode.OK];

        var asked = Client("a", "b").AskAsync(Request, TestContext.Current.CancellationToken);
        Assert.Equal(["Bearer a"], _upstream.Keys);
        _clock.Advance(TimeSpan.FromSeconds(0.49));
        Assert.Single(_upstream.Keys);
        _clock.Advance(TimeSpan.FromSeconds(0.01));
        Assert.Equal(2, _upstream.Keys.Count);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var answer = await asked;

        Assert.Equal((200, 12, 34), (answer.Status, answer.InputTokens, answer.OutputTokens));
        Assert.Equal(["Bearer a", "Bearer b", "Bearer a"], _upstream.Keys);
    }

    [Fact]
    public async Task Ask_RefusedThreeTimes_EndsWithTheLastRefusal()
    {
        _upstream.Answers = [HttpStatusCode.TooManyRequests, HttpStatusCode.ServiceUnavailable, HttpStatusCode.TooManyRequests];

        var asked = Client("a").AskAsync(Request, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(429, (await asked).Status);
        Assert.Equal(3, _upstream.Keys.Count);
    }

    [Fact]
    public async Task Ask_SeveralRequests_TakeTheKeysInTurn()
    {
        _upstream.Answers = [HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK];
        var client = Client("a", "b");

        for (var i = 0; i < 3; i++)
            await client.AskAsync(Request, TestContext.Current.CancellationToken);

        Assert.Equal(["Bearer a", "Bearer b", "Bearer a"], _upstream.Keys);
    }

    private RetryingClient Client(params string[] keys) => new(new ChatSender(_http, "m"), keys, _clock, () => 0);

    private sealed class Upstream : HttpMessageHandler
    {
        public List<HttpStatusCode> Answers { get; set; } = [];

        public List<string> Keys { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Keys.Add(request.Headers.NonValidated["Authorization"].ToString());
            return Task.FromResult(new HttpResponseMessage(Answers[Keys.Count - 1]) { Content = new StringContent("""{"usage":{"prompt_tokens":12,"completion_tokens":34}}""") });
        }
    }
}
