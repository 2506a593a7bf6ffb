using HybridRouter.Backends;
using HybridRouter.Callers.Limits;
using HybridRouter.Configuration;

namespace HybridRouter.UnitTests.Callers.Limits;

public sealed class RateLimitHeadersTests
{
    private static readonly KeyValuePair<string, string>[] Upstream = [new("x-request-id", "req_1"), new("X-RateLimit-Remaining-Tokens", "5"), new("x-ratelimit-limit-project-tokens", "9")];

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(-5, "0s")]
    [InlineData(0.0000001, "1ms")]
    [InlineData(0.012, "12ms")]
    [InlineData(0.9999, "1s")]
    [InlineData(1, "1s")]
    [InlineData(1.5, "1.5s")]
    [InlineData(60, "1m0s")]
    [InlineData(90.25, "1m30.25s")]
    [InlineData(3723.5, "1h2m3.5s")]
    [InlineData(90_000, "25h0m0s")]
    public void Duration_IsAsGoWritesIt(double seconds, string expected) => Assert.Equal(expected, RateLimitHeaders.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public async Task Answer_CallerWithoutLimits_PassesTheUpstreams()
    {
        var headers = await HeadersAsync(new CallerRig());

        Assert.Equal(Upstream, headers);
    }

    [Fact]
    public async Task Answer_CallerWithLimits_TellsTheScarcestOfEachAndNothingOfTheUpstream()
    {
        var rig = new CallerRig(o =>
        {
            o.Limits.EachKey = new CallerLimitOptions { RequestsPerMinute = 100, TokensPerMinute = 100_000, TokensPerDay = 2000 };
            o.Limits.EachAddress = new CallerLimitOptions { RequestsPerMinute = 3 };
        });
        await HeadersAsync(rig);
        var headers = await HeadersAsync(rig);

        // 20 + 10 of the first request, 11 + 512 expected of the second.
        Assert.Equal(
            [
                new("x-request-id", "req_1"),
                new("x-ratelimit-limit-requests", "3"), new("x-ratelimit-remaining-requests", "1"), new("x-ratelimit-reset-requests", "40s"),
                new("x-ratelimit-limit-tokens", "2000"), new("x-ratelimit-remaining-tokens", (2000 - 30 - 523).ToString(System.Globalization.CultureInfo.InvariantCulture)), new("x-ratelimit-reset-tokens", "12h0m0s"),
            ],
            headers);
    }

    [Fact]
    public async Task Answer_CallerWithOtherLimitsOnly_HearsNothingOfTheUpstream()
    {
        var headers = await HeadersAsync(new CallerRig(o => o.Limits.EachKey = new CallerLimitOptions { ConcurrentRequests = 3 }));

        Assert.Equal([Upstream[0]], headers);
    }

    [Theory]
    [InlineData(RouteKind.Local)]
    [InlineData(RouteKind.Cloud)]
    public async Task Refusal_TellsTheLimitAndWhenItFrees(RouteKind route)
    {
        var rig = new CallerRig(o => o.Limits.EachKey = new CallerLimitOptions { RequestsPerMinute = 1 });
        Endpoint.Of("chat").Answer(rig.Local);
        Endpoint.Of("chat").Answer(rig.CloudModel);
        await rig.ServeAsync(Endpoint.Of("chat"), CallerRig.Alice, route);
        await using var answer = await rig.SendAsync(Endpoint.Of("chat"), CallerRig.Alice, route);

        Assert.IsType<BackendReply.Failed>(answer.Reply);
        Assert.Equal([new("x-ratelimit-limit-requests", "1"), new("x-ratelimit-remaining-requests", "0"), new("x-ratelimit-reset-requests", "1m0s")], answer.Reply.Headers);
    }

    [Fact]
    public async Task Answer_ThatWaited_SaysHowLong()
    {
        var rig = new CallerRig();
        rig.Cloud.Waited = TimeSpan.FromMilliseconds(1234.2);

        Assert.Contains(new("x-hybridrouter-queued-ms", "1235"), await HeadersAsync(rig));
    }

    private static async Task<IReadOnlyList<KeyValuePair<string, string>>> HeadersAsync(CallerRig rig)
    {
        rig.CloudModel.Answer = (_, _) => Task.FromResult<BackendReply>(new BackendReply.Complete("""{"usage":{"prompt_tokens":20,"completion_tokens":10}}"""u8.ToArray()) { Headers = Upstream });
        await using var answer = await rig.SendAsync(Endpoint.Of("chat"), CallerRig.Alice, RouteKind.Cloud);
        return answer.Reply.Headers;
    }
}
