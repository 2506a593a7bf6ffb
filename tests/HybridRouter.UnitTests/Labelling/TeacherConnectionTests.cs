using System.Net;
using HybridRouter.Labelling;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Labelling;

public sealed class TeacherConnectionTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Script _script = new();

    [Fact]
    public async Task Send_RetryAfter_WaitsExactlySoLong()
    {
        _script.Replies.Enqueue(Refusal(HttpStatusCode.TooManyRequests, 20));
        _script.Replies.Enqueue(new HttpResponseMessage(HttpStatusCode.OK));

        var sent = SendAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(19.5));
        Assert.Equal((1, false), (_script.Sent, sent.IsCompleted));
        await AdvanceAsync(TimeSpan.FromSeconds(0.5));

        Assert.Equal(HttpStatusCode.OK, (await sent).StatusCode);
        Assert.Equal(2, _script.Sent);
    }

    [Fact]
    public async Task Send_AnotherCallWhileClosed_WaitsToo()
    {
        _script.Replies.Enqueue(Refusal(HttpStatusCode.TooManyRequests, 20));
        for (var i = 0; i < 2; i++)
            _script.Replies.Enqueue(new HttpResponseMessage(HttpStatusCode.OK));
        var client = Client("m");
        var first = SendAsync(client);
        var second = SendAsync(client);
        await AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(1, _script.Sent);

        await AdvanceAsync(TimeSpan.FromSeconds(10));

        Assert.All(await Task.WhenAll(first, second), r => Assert.Equal(HttpStatusCode.OK, r.StatusCode));
    }

    [Fact]
    public async Task Send_AskedToWaitForHours_GivesUp()
    {
        _script.Replies.Enqueue(Refusal(HttpStatusCode.TooManyRequests, 3600));

        Assert.Equal(HttpStatusCode.TooManyRequests, (await SendAsync()).StatusCode);
        Assert.Equal(1, _script.Sent);
    }

    [Fact]
    public async Task Send_FailsWithoutSayingWhen_IsTriedSixTimes()
    {
        for (var i = 0; i < 10; i++)
            _script.Replies.Enqueue(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable));

        var sent = SendAsync();
        for (var i = 0; i < 10_000 && !sent.IsCompleted; i++)
            await AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await sent).StatusCode);
        Assert.Equal(6, _script.Sent);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    public async Task Send_OtherFailures_AreNotTriedAgain(HttpStatusCode status)
    {
        _script.Replies.Enqueue(new HttpResponseMessage(status));

        Assert.Equal(status, (await SendAsync()).StatusCode);
        Assert.Equal(1, _script.Sent);
    }

    [Theory]
    [InlineData("big", "cloud", "big", true)]
    [InlineData("BIG", "cloud", "big", true)]
    [InlineData("big", "local", "small", false)]
    [InlineData("big", "cloud", "bigger", false)]
    [InlineData("cloud", "cloud", "big", true)]
    [InlineData("cloud", "local", "small", false)]
    [InlineData("local", "local", "small", true)]
    public async Task Send_GatewayNamesWhoAnswered_OnlyTheTeacherMay(string asked, string route, string by, bool right)
    {
        var reply = new HttpResponseMessage(HttpStatusCode.OK);
        reply.Headers.Add("x-hybridrouter-route", route);
        reply.Headers.Add("x-hybridrouter-model", by);
        _script.Replies.Enqueue(reply);
        var answered = TeacherConnection.Begin();

        if (!right)
        {
            var refused = await Assert.ThrowsAsync<TeacherException>(() => SendAsync(Client(asked)));
            Assert.True(refused.Ends && refused.Billed);
            Assert.Contains($"'{by}' answer in place of '{asked}'", refused.Message, StringComparison.Ordinal);
            return;
        }
        await SendAsync(Client(asked));
        Assert.Equal(by, answered.Model);
    }

    private HttpMessageInvoker Client(string model) => new(new TeacherConnection(model, _time, _script));

    private Task<HttpResponseMessage> SendAsync(HttpMessageInvoker? client = null) =>
        (client ?? Client("m")).SendAsync(new HttpRequestMessage(HttpMethod.Post, "http://teacher/") { Content = new StringContent("{}") }, TestContext.Current.CancellationToken);

    /// <summary>Lets what is under way come to its next wait, before and after.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        for (var i = 0; i < 20; i++)
            await Task.Yield();
        _time.Advance(by);
        for (var i = 0; i < 20; i++)
            await Task.Yield();
    }

    private static HttpResponseMessage Refusal(HttpStatusCode status, int seconds)
    {
        var reply = new HttpResponseMessage(status);
        reply.Headers.Add("Retry-After", seconds.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return reply;
    }

    private sealed class Script : HttpMessageHandler
    {
        public Queue<HttpResponseMessage> Replies { get; } = [];

        public int Sent { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Sent++;
            return Task.FromResult(Replies.Dequeue());
        }
    }
}
