using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Flow;
using HybridRouter.Intake;
using HybridRouter.Quota;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Callers;

/// <summary>Many requests at once, and clients that run away.</summary>
public sealed class FloodTests
{
    private const int Limit = 100, Flood = 1000;

    [Theory]
    [InlineData("chat", RouteKind.Local)]
    [InlineData("chat stream", RouteKind.Cloud)]
    [InlineData("responses stream", RouteKind.Local)]
    [InlineData("embeddings", RouteKind.Cloud)]
    public async Task RequestsPerMinute_AThousandAtOnce_GrantsExactlyAHundred(string name, RouteKind route)
    {
        var endpoint = Endpoint.Of(name);
        var rig = new CallerRig(o => o.Limits.EachKey = new CallerLimitOptions { RequestsPerMinute = Limit });
        endpoint.Answer(rig.Local);
        endpoint.Answer(rig.CloudModel);
        var errors = await Task.WhenAll(Enumerable.Range(0, Flood).Select(_ => Task.Run(() => rig.ServeAsync(endpoint, CallerRig.Alice, route))));

        Assert.Equal(Limit, errors.Count(e => e is null));
        Assert.All(errors.Where(e => e is not null), e => Assert.Equal((429, "rate_limit_exceeded"), (e!.Status, e.Code)));
        Assert.Equal(Limit, await rig.TakenAsync("caller:key:alice:rpm", MeterUnit.Requests));
    }

    [Fact]
    public async Task ConcurrentRequests_AThousandAtOnce_HoldsExactlyAHundredAndFreesThem()
    {
        var endpoint = Endpoint.Of("chat stream");
        var rig = new CallerRig(o => o.Limits.EachKey = new CallerLimitOptions { ConcurrentRequests = Limit });
        endpoint.Answer(rig.CloudModel);
        var answers = await Task.WhenAll(Enumerable.Range(0, Flood).Select(_ => Task.Run(() => rig.SendAsync(endpoint, CallerRig.Alice, RouteKind.Cloud))));

        Assert.Equal(Limit, answers.Count(a => a.Reply is BackendReply.Streaming));
        foreach (var answer in answers)
            await answer.DisposeAsync();
        Assert.Equal(0, await rig.TakenAsync("caller:key:alice:slots", MeterUnit.Slots));
        Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Cloud));
    }

    [Fact]
    public async Task Client_FloodsWithOpenStreams_IsThrottledAlone()
    {
        var endpoint = Endpoint.Of("chat stream");
        var rig = new CallerRig(o => o.Limits.EachKey = new CallerLimitOptions { ConcurrentRequests = 5 });
        endpoint.Answer(rig.CloudModel);
        var held = new List<FlowAnswer>();
        for (var i = 0; i < 200; i++)
        {
            held.Add(await rig.SendAsync(endpoint, CallerRig.Alice, RouteKind.Cloud));
            Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Bob, RouteKind.Cloud));
        }

        Assert.Equal(5, held.Count(a => a.Reply is BackendReply.Streaming));
        foreach (var answer in held)
            await answer.DisposeAsync();
    }

    [Fact]
    public async Task Client_BurnsMoney_IsSlowedToItsHourlyRateAlone()
    {
        // A request costs 30 millionths of a dollar: the hour's worth is 100 of them, then one every 36 seconds.
        var endpoint = Endpoint.Of("responses");
        var rig = new CallerRig(o =>
        {
            o.Limits.EachKey = new CallerLimitOptions { SpendPerHour = 0.003 };
            o.Prices["big"] = new PriceOptions { InputPerMillion = 1, OutputPerMillion = 1 };
        });
        endpoint.Answer(rig.CloudModel);
        var (served, refused) = (0, new List<ApiError>());
        for (var second = 0; second < 3600; second++)
        {
            for (var burst = 0; burst < 3; burst++)
            {
                if (await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Cloud) is { } error)
                    refused.Add(error);
                else
                    served++;
            }
            if (second % 60 == 0)
                Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Bob, RouteKind.Cloud));
            rig.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(served, 150, 200);
        Assert.All(refused, e => Assert.Contains("$0.003 per hour of key 'alice'", e.Message));
        Assert.All(refused, e => Assert.InRange(e.RetryAfter!.Value.TotalSeconds, 0, 3600));
        Assert.InRange(await rig.TakenAsync("caller:key:alice:sph", MeterUnit.MicroDollars), 0, 2 * 3000);
    }

    [Fact]
    public async Task Client_ThatGivesEachRequestAnotherUser_IsStillHeldByItsKey()
    {
        var endpoint = Endpoint.Of("chat");
        var rig = new CallerRig(o =>
        {
            o.Limits.EachUser = new CallerLimitOptions { RequestsPerMinute = 1 };
            o.Limits.EachKey = new CallerLimitOptions { RequestsPerMinute = 10 };
        });
        endpoint.Answer(rig.Local);
        var caller = new CallerIdentity("mallory");
        var served = 0;
        for (var i = 0; i < 5000; i++)
        {
            await using var answer = await rig.SendAsync(endpoint, endpoint.Request($"\"user\":\"u{i}\","), caller, [rig.Target(RouteKind.Local)]);
            served += answer.Reply is BackendReply.Complete ? 1 : 0;
        }

        Assert.Equal(10, served);
    }

    [Fact]
    public async Task Users_OfTwoKeysWithOneName_HaveLimitsOfTheirOwn()
    {
        var endpoint = Endpoint.Of("responses");
        var rig = new CallerRig(o => o.Limits.EachUser = new CallerLimitOptions { RequestsPerMinute = 1 });
        endpoint.Answer(rig.Local);
        async Task<string?> ServeAsync(string key, string member)
        {
            await using var answer = await rig.SendAsync(endpoint, endpoint.Request(member), new CallerIdentity(key), [rig.Target(RouteKind.Local)]);
            return (answer.Reply as BackendReply.Failed)?.Failure.Error.Message;
        }

        Assert.Null(await ServeAsync("one", "\"user\":\"bob@example.com\","));
        Assert.Null(await ServeAsync("two", "\"user\":\"bob@example.com\","));
        Assert.Contains("1 request per minute of user 'bob@example.com' of key 'one'", await ServeAsync("one", "\"safety_identifier\":\"bob@example.com\",\"user\":\"other\","));
        Assert.Null(await ServeAsync("one", "\"user\":\"other\","));
    }
}
