using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Quota;
using HybridRouter.UnitTests.Flow;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Callers;

/// <summary>However a request ends, what it used is charged once and its place is free.</summary>
public sealed class EndingTests
{
    private const int Pieces = 4, PieceBytes = 8;

    public static TheoryData<string, string> Everywhere() => Cases(Endpoint.All);

    public static TheoryData<string, string> Streams() => Cases(Endpoint.All.Where(e => e.Streams));

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Whole_WithCounts_IsChargedThose(string endpoint, string route)
    {
        var (rig, _) = await RunAsync(endpoint, route, (e, b) => e.Answer(b));

        await AssertChargedAsync(rig, route, requests: 1, tokens: Endpoint.Tokens);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Whole_WithoutCounts_IsChargedAsEstimated(string endpoint, string route)
    {
        var (rig, estimate) = await RunAsync(endpoint, route, (e, b) => e.Answer(b, usage: false));
        var output = endpoint == "embeddings" ? 0 : (int)Math.Ceiling(Pieces * PieceBytes / 3.2);

        Assert.True(estimate.Input > 0);
        await AssertChargedAsync(rig, route, requests: 1, tokens: estimate.Input + output);
    }

    [Theory]
    [InlineData("Local")]
    [InlineData("Cloud")]
    public async Task Responses_CountsOfZero_AreNotBelieved(string route)
    {
        var (rig, estimate) = await RunAsync("responses", route, (_, b) => b.Answers(
            """{"id":"r","output":[{"type":"function_call","arguments":"{\"a\":1}"}],"usage":{"input_tokens":0,"output_tokens":0,"total_tokens":0}}"""));

        await AssertChargedAsync(rig, route, requests: 1, tokens: estimate.Input + 3);
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Stream_CutByTheBackend_IsChargedWhatCame(string endpoint, string route)
    {
        var (rig, estimate) = await RunAsync(endpoint, route, (e, b) => b.Answer = (_, _) => Task.FromResult<BackendReply>(new BackendReply.Streaming(Cut(e, 3))));

        await AssertChargedAsync(rig, route, requests: 1, tokens: estimate.Input + (int)Math.Ceiling(3 * PieceBytes / 3.2));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Stream_BrokenBeforeItsFirstEvent_IsARequestWithoutTokens(string endpoint, string route)
    {
        var (rig, estimate) = await RunAsync(endpoint, route, (e, b) => b.Answer = (_, _) => Task.FromResult<BackendReply>(new BackendReply.Streaming(Cut(e, 0))));

        // The provider has read the request all the same.
        await AssertChargedAsync(rig, route, requests: 1, tokens: 0, upstream: estimate.Input);
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Stream_LeftByTheClient_IsChargedWhatCameUntilThen(string endpoint, string route)
    {
        var (rig, estimate) = await RunAsync(endpoint, route, (e, b) => e.Answer(b), answer => CallerRig.ReadAsync(answer, events: 2));

        await AssertChargedAsync(rig, route, requests: 1, tokens: estimate.Input + (int)Math.Ceiling(2 * PieceBytes / 3.2));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Stream_NeverReadByTheClient_IsSettledWhenItGoes(string endpoint, string route)
    {
        var (rig, estimate) = await RunAsync(endpoint, route, (e, b) => e.Answer(b), _ => Task.CompletedTask);

        await AssertChargedAsync(rig, route, requests: 1, tokens: estimate.Input);
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Stream_ReadToItsEndByASlowClient_FreesTheUpstreamAtOnceAndTheCallerWhenItGoes(string endpointName, string routeName)
    {
        var (endpoint, route) = (Endpoint.Of(endpointName), Enum.Parse<RouteKind>(routeName));
        var rig = Rig();
        endpoint.Answer(rig.Local);
        endpoint.Answer(rig.CloudModel);
        await using (var answer = await rig.SendAsync(endpoint, CallerRig.Alice, route))
        {
            await CallerRig.ReadAsync(answer);
            Assert.Equal(route == RouteKind.Cloud ? Endpoint.Tokens : 0, await rig.TakenAsync(ReservingCloud.KeyTokens.Id, MeterUnit.Tokens));
            Assert.Equal(1, await rig.TakenAsync("caller:key:alice:slots", MeterUnit.Slots));
        }
        await AssertChargedAsync(rig, routeName, requests: 1, tokens: Endpoint.Tokens);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Client_LeavesBeforeAnAnswer_IsChargedItsInput(string endpointName, string routeName)
    {
        var (endpoint, route) = (Endpoint.Of(endpointName), Enum.Parse<RouteKind>(routeName));
        var rig = Rig();
        using var client = new CancellationTokenSource();
        rig.Local.Answer = rig.CloudModel.Answer = async (_, token) =>
        {
            await client.CancelAsync();
            token.ThrowIfCancellationRequested();
            throw new InvalidOperationException();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.SendAsync(endpoint, endpoint.Request(), CallerRig.Alice, [rig.Target(route)], cancellationToken: client.Token));

        var estimate = (route == RouteKind.Local ? rig.Local : rig.CloudModel).Asked[0].Admission!.Estimate;
        await AssertChargedAsync(rig, routeName, requests: 1, tokens: estimate.Input);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Failure_Everywhere_IsARequestWithoutTokens(string endpointName, string _)
    {
        var endpoint = Endpoint.Of(endpointName);
        var rig = Rig();
        rig.CloudModel.Fails(FailureKind.ServerError);
        rig.Local.Fails(FailureKind.ServerError);

        Assert.NotNull(await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Cloud, RouteKind.Local));
        await AssertChargedAsync(rig, "Local", requests: 1, tokens: 0);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Fallback_ToTheOtherSide_IsChargedOnce(string endpointName, string routeName)
    {
        var (endpoint, last) = (Endpoint.Of(endpointName), Enum.Parse<RouteKind>(routeName));
        var rig = Rig();
        var first = last == RouteKind.Local ? RouteKind.Cloud : RouteKind.Local;
        (first == RouteKind.Local ? rig.Local : rig.CloudModel).Fails(FailureKind.ServerError);
        endpoint.Answer(last == RouteKind.Local ? rig.Local : rig.CloudModel);

        Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Alice, first, last));
        Assert.Equal(1, await rig.TakenAsync("caller:key:alice:rpm", MeterUnit.Requests));
        Assert.Equal(Endpoint.Tokens, await rig.TakenAsync("caller:key:alice:tpm", MeterUnit.Tokens));
        Assert.Equal(0, await rig.TakenAsync("caller:key:alice:slots", MeterUnit.Slots));
    }

    [Fact]
    public async Task Translation_OfAnAnswer_ChargesWhatTheBackendCounted()
    {
        var rig = Rig();
        Endpoint.Of("chat").Answer(rig.Local);
        await using (var answer = await rig.SendAsync(Endpoint.Of("responses"), Endpoint.Of("responses").Request(), CallerRig.Alice, [rig.Target(RouteKind.Local, WireApi.ChatCompletions)]))
            Assert.IsType<BackendReply.Complete>(answer.Reply);

        await AssertChargedAsync(rig, "Local", requests: 1, tokens: Endpoint.Tokens);
    }

    [Fact]
    public async Task Translation_Impossible_IsChargedUpstreamAndNotToTheCaller()
    {
        var rig = Rig();
        rig.CloudModel.Answers("""{"data":[{"embedding":[1]},{"embedding":"x"}],"usage":{"prompt_tokens":30}}""");
        var endpoint = Endpoint.Of("embeddings");
        await using (var answer = await rig.SendAsync(endpoint, endpoint.Request("\"encoding_format\":\"base64\","), CallerRig.Alice, [rig.Target(RouteKind.Cloud)]))
            Assert.IsType<BackendReply.Failed>(answer.Reply);

        await AssertChargedAsync(rig, "Cloud", requests: 1, tokens: 0, upstream: Endpoint.Tokens);
    }

    [Fact]
    public async Task Refusal_ByABudgetOfMoney_LetsAModelAnswerThatCostsNothing()
    {
        var rig = Rig(l => l.SpendPerHour = 0.00003);
        rig.Options.Prices["big"] = new PriceOptions { InputPerMillion = 1, OutputPerMillion = 1 };
        var endpoint = Endpoint.Of("chat");
        endpoint.Answer(rig.CloudModel);
        endpoint.Answer(rig.Local);
        await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Cloud);

        Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Cloud, RouteKind.Local));
        Assert.Single(rig.Local.Asked);
    }

    [Fact]
    public async Task Refusal_ByTheCallersLimit_TriesNoOtherModel()
    {
        // The local model costs as much, so the budget is spent for it, too.
        var rig = Rig(l => l.SpendPerHour = 0.00003);
        rig.Options.Prices["big"] = rig.Options.Prices["small"] = new PriceOptions { InputPerMillion = 1, OutputPerMillion = 1 };
        var endpoint = Endpoint.Of("chat");
        endpoint.Answer(rig.CloudModel);
        await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Cloud);

        Assert.Contains("per hour of key 'alice'", (await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Cloud, RouteKind.Local))?.Message);
        Assert.Empty(rig.Local.Asked);
    }

    [Fact]
    public async Task Money_CachedInput_CostsItsOwnPrice()
    {
        var rig = Rig(l => l.SpendPerDay = 1);
        rig.Options.Prices["big"] = new PriceOptions { InputPerMillion = 10, CachedInputPerMillion = 1, OutputPerMillion = 100 };
        Endpoint.Of("chat").Answer(rig.CloudModel);
        await rig.ServeAsync(Endpoint.Of("chat"), CallerRig.Alice, RouteKind.Cloud);

        Assert.Equal((12 * 10) + (8 * 1) + (10 * 100), await rig.TakenAsync("caller:key:alice:spd", MeterUnit.MicroDollars));
    }

    private static async Task<(CallerRig Rig, TokenEstimate Estimate)> RunAsync(string endpointName, string routeName, Action<Endpoint, ScriptedBackend> answers, Func<HybridRouter.Flow.FlowAnswer, Task>? read = null)
    {
        var (endpoint, route) = (Endpoint.Of(endpointName), Enum.Parse<RouteKind>(routeName));
        var rig = Rig();
        var model = route == RouteKind.Local ? rig.Local : rig.CloudModel;
        answers(endpoint, model);
        await using (var answer = await rig.SendAsync(endpoint, CallerRig.Alice, route))
        {
            try
            {
                await (read ?? (a => CallerRig.ReadAsync(a)))(answer);
            }
            catch (BackendStreamException)
            {
                // The gateway tells the client; here it is the end.
            }
        }
        return (rig, model.Asked[0].Admission!.Estimate);
    }

    private static async Task AssertChargedAsync(CallerRig rig, string route, double requests, double tokens, double? upstream = null)
    {
        Assert.Equal(requests, await rig.TakenAsync("caller:key:alice:rpm", MeterUnit.Requests));
        Assert.Equal(tokens, await rig.TakenAsync("caller:key:alice:tpm", MeterUnit.Tokens));
        Assert.Equal(0, await rig.TakenAsync("caller:key:alice:slots", MeterUnit.Slots));
        if (route == "Cloud")
            Assert.Equal(upstream ?? tokens, await rig.TakenAsync(ReservingCloud.KeyTokens.Id, MeterUnit.Tokens));
    }

    private static CallerRig Rig(Action<CallerLimitOptions>? set = null) => new(options =>
    {
        options.Limits.EachKey = new CallerLimitOptions { RequestsPerMinute = 1000, TokensPerMinute = 1_000_000, ConcurrentRequests = 10 };
        set?.Invoke(options.Limits.EachKey);
    });

    private static async IAsyncEnumerable<SseEvent> Cut(Endpoint endpoint, int after)
    {
        for (var i = 0; i < after; i++)
        {
            await Task.Yield();
            yield return endpoint.Piece();
        }
        await Task.Yield();
        throw new BackendStreamException(new BackendFailure(FailureKind.BadReply, ApiError.BadGateway("cut")));
    }

    private static TheoryData<string, string> Cases(IEnumerable<Endpoint> endpoints)
    {
        var cases = new TheoryData<string, string>();
        foreach (var endpoint in endpoints)
        {
            cases.Add(endpoint.ToString(), "Local");
            cases.Add(endpoint.ToString(), "Cloud");
        }
        return cases;
    }
}
