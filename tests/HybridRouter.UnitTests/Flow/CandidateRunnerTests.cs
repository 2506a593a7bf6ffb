using System.Text;
using HybridRouter.Backends;
using HybridRouter.Flow;
using HybridRouter.Routing;
using HybridRouter.UnitTests.Callers;
using HybridRouter.UnitTests.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Flow;

public sealed class CandidateRunnerTests
{
    private const string Chat = """{"model":"auto","odd":[1],"messages":[{"role":"user","content":"a"}]}""";
    private const string ChatStream = """{"model":"auto","stream":true,"messages":[{"role":"user","content":"a"}]}""";
    private const string Answer = """{"id":"x","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}""";

    private readonly ScriptedBackend _local = new("box", RouteKind.Local);
    private readonly ScriptedBackend _cloud = new("openai", RouteKind.Cloud);

    [Fact]
    public async Task Run_FirstAnswers_NobodyElseIsAsked()
    {
        _local.Answers(Answer);
        var answer = await RunAsync(Chat, _local, _cloud);

        Assert.Equal(new RouteDecision(RouteKind.Local, "box", "box-model", 0.25f, "planned", false), answer.Decision);
        Assert.Empty(_cloud.Asked);
        Assert.Equal((3, 4), (answer.Usage.Seen!.Value.Prompt, answer.Usage.Seen.Value.Completion));
        await answer.DisposeAsync();
        Assert.Equal(1, _local.Released);
    }

    [Fact]
    public async Task Run_Request_CarriesTheTargetsNameAndWaitAndUnknownMembers()
    {
        _local.Answers(Answer);
        await RunAsync(Chat, _local);

        var asked = Assert.Single(_local.Asked);
        Assert.Equal("""{"odd":[1],"messages":[{"role":"user","content":"a"}],"model":"box-upstream"}""", Encoding.UTF8.GetString(asked.Body.Span));
        Assert.Equal(TimeSpan.FromSeconds(5), asked.MaxWait);
    }

    [Theory]
    [InlineData(FailureKind.Busy, "cloud fallback: local busy")]
    [InlineData(FailureKind.Timeout, "cloud fallback: local timed out")]
    [InlineData(FailureKind.Unreachable, "cloud fallback: local unreachable")]
    [InlineData(FailureKind.BadReply, "cloud fallback: local sent a bad reply")]
    [InlineData(FailureKind.ServerError, "cloud fallback: local failed")]
    [InlineData(FailureKind.Rejected, "cloud fallback: local refused the request")]
    public async Task Run_LocalFails_CloudAnswersAndSaysWhy(FailureKind kind, string reason)
    {
        _local.Fails(kind);
        _cloud.Answers(Answer);
        var answer = await RunAsync(Chat, _local, _cloud);

        Assert.Equal(new RouteDecision(RouteKind.Cloud, "openai", "openai-model", 0.25f, reason, true), answer.Decision);
        Assert.IsType<BackendReply.Complete>(answer.Reply);
    }

    [Theory]
    [InlineData(FailureKind.RateLimited, "on-prem fallback: cloud rate limited")]
    [InlineData(FailureKind.QuotaExhausted, "on-prem fallback: cloud quota spent")]
    [InlineData(FailureKind.Unauthorized, "on-prem fallback: cloud credentials refused")]
    [InlineData(FailureKind.ServerError, "on-prem fallback: cloud failed")]
    [InlineData(FailureKind.Timeout, "on-prem fallback: cloud timed out")]
    [InlineData(FailureKind.StoreAway, "on-prem fallback: cloud limits cannot be checked")]
    public async Task Run_CloudFails_LocalAnswersAndSaysWhy(FailureKind kind, string reason)
    {
        _cloud.Fails(kind);
        _local.Answers(Answer);
        var answer = await RunAsync(Chat, _cloud, _local);

        Assert.Equal((RouteKind.Local, reason, true), (answer.Decision.Route, answer.Decision.Reason, answer.Decision.FellBack));
    }

    [Fact]
    public async Task Run_CloudRejects_TheClientIsTold()
    {
        _cloud.Fails(FailureKind.Rejected, ApiError.Invalid("no such thing"));
        var answer = await RunAsync(Chat, _cloud, _local);

        Assert.Equal("no such thing", Assert.IsType<BackendReply.Failed>(answer.Reply).Failure.Error.Message);
        Assert.Empty(_local.Asked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_CallerIsLimited_NoOtherModelIsAWayAroundIt(bool cloudFirst)
    {
        var (first, second) = cloudFirst ? (_cloud, _local) : (_local, _cloud);
        first.Fails(FailureKind.CallerLimited, ApiError.RateLimited("your limit", TimeSpan.FromSeconds(3)));
        var answer = await RunAsync(Chat, first, second);

        Assert.Equal("your limit", Assert.IsType<BackendReply.Failed>(answer.Reply).Failure.Error.Message);
        Assert.Empty(second.Asked);
    }

    [Fact]
    public async Task Run_AllFail_TellsTheOneThatSaysWhenToComeBack()
    {
        _cloud.Fails(FailureKind.RateLimited, ApiError.RateLimited("slow down", TimeSpan.FromSeconds(9)));
        _local.Fails(FailureKind.Unauthorized, new ApiError(502, "server_error", "upstream_credentials", "x"));
        var answer = await RunAsync(Chat, _cloud, _local);

        Assert.Equal("slow down", Assert.IsType<BackendReply.Failed>(answer.Reply).Failure.Error.Message);
    }

    [Fact]
    public async Task Run_StreamThatBegan_IsFinal()
    {
        _local.Streams("""{"choices":[{"delta":{"content":"a"}}]}""");
        await using var answer = await RunAsync(ChatStream, _local, _cloud);

        Assert.IsType<BackendReply.Streaming>(answer.Reply);
        Assert.Empty(_cloud.Asked);
    }

    [Fact]
    public async Task Run_StreamWithoutUsageWanted_AsksForItAndHidesIt()
    {
        const string word = """{"choices":[{"delta":{"content":"\"usage\""}}],"usage":null}""";
        _local.Streams(word, """{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}""", "[DONE]");
        await using var answer = await RunAsync(ChatStream, _local);

        Assert.Equal([word, "[DONE]"], await ReadAsync(answer));
        Assert.Contains("\"stream_options\":{\"include_usage\":true}", Body(_local));
        Assert.Equal((1, 2), (answer.Usage.Seen!.Value.Prompt, answer.Usage.Seen.Value.Completion));
    }

    [Fact]
    public async Task Run_StreamWithUsageWanted_PassesIt()
    {
        const string usage = """{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}""";
        _local.Streams(usage, "[DONE]");
        await using var answer = await RunAsync(ChatStream.Replace("\"stream\"", "\"stream_options\":{\"include_usage\":true},\"stream\""), _local);

        Assert.Equal([usage, "[DONE]"], await ReadAsync(answer));
    }

    [Theory]
    [InlineData("""{"include_obfuscation":false,"x":{"y":[1]}}""", """{"include_obfuscation":false,"x":{"y":[1]},"include_usage":true}""")]
    [InlineData("""{"include_usage":false,"include_usage":false}""", """{"include_usage":true}""")]
    [InlineData("null", """{"include_usage":true}""")]
    public async Task Run_OtherStreamOptions_SurviveTheAddedOne(string given, string sent)
    {
        _local.Streams("[DONE]");
        await RunAsync(ChatStream.Replace("\"stream\"", $"\"stream_options\":{given},\"stream\""), _local);

        Assert.Contains($"\"stream_options\":{sent}", Body(_local));
    }

    [Fact]
    public async Task Run_DeeplyNestedStreamOption_Survives()
    {
        var deep = new string('[', 100) + new string(']', 100);
        _local.Streams("[DONE]");
        await RunAsync(ChatStream.Replace("\"stream\"", $$"""
            "stream_options":{"x":{{deep}}},"stream"
            """), _local);

        Assert.Contains(deep, Body(_local));
    }

    [Fact]
    public async Task Run_EmbeddingsInAnUnknownForm_GoOnToTheNext()
    {
        _local.Answers("""{"data":[{"embedding":[1]},{"embedding":"x"}]}""");
        _cloud.Answers("""{"data":[]}""");
        var answer = await RunAsync("""{"model":"auto","input":"a","encoding_format":"base64"}""", WireApi.Embeddings, _local, _cloud);

        Assert.Equal(RouteKind.Cloud, answer.Decision.Route);
        Assert.Equal(1, _local.Released);
    }

    [Fact]
    public async Task Run_RequestThatTheLocalWireCannotSay_GoesToTheCloud()
    {
        const string json = """{"model":"auto","input":[{"role":"user","content":[{"type":"input_image","file_id":"file-1"}]}]}""";
        _cloud.Answers("{}");
        using var request = Reading.Responses(json);
        RouteStep Step(ScriptedBackend backend, WireApi spoken) => new(new RouteTarget(backend, new ServedModel("m", "m") { Apis = spoken }), "planned");

        var answer = await Runner.RunAsync(request, new RoutePlan([Step(_local, WireApi.ChatCompletions), Step(_cloud, WireApi.Responses)]), null, Gates.NoRules, CancellationToken.None);
        Assert.Equal((RouteKind.Cloud, "cloud fallback: local refused the request"), (answer.Decision.Route, answer.Decision.Reason));
        Assert.Empty(_local.Asked);

        var alone = await Runner.RunAsync(request, new RoutePlan([Step(_local, WireApi.ChatCompletions)]), null, Gates.NoRules, CancellationToken.None);
        Assert.Equal(400, Assert.IsType<BackendReply.Failed>(alone.Reply).Failure.Error.Status);
    }

    [Fact]
    public async Task Run_CallerLeaves_TriesNobodyElse()
    {
        using var caller = new CancellationTokenSource();
        _local.Answer = async (_, token) =>
        {
            await caller.CancelAsync();
            token.ThrowIfCancellationRequested();
            return null!;
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(Chat, WireApi.ChatCompletions, [_local, _cloud], caller.Token));
        Assert.Empty(_cloud.Asked);
    }

    private static CandidateRunner Runner => Gates.Runner();

    private static string Body(ScriptedBackend backend) => Encoding.UTF8.GetString(backend.Asked[0].Body.Span);

    private static async Task<List<string>> ReadAsync(FlowAnswer answer)
    {
        var seen = new List<string>();
        await foreach (var item in Assert.IsType<BackendReply.Streaming>(answer.Reply).Events)
            seen.Add(Encoding.UTF8.GetString(item.Data.Span));
        return seen;
    }

    private static Task<FlowAnswer> RunAsync(string json, params ScriptedBackend[] steps) => RunAsync(json, WireApi.ChatCompletions, steps);

    private static Task<FlowAnswer> RunAsync(string json, WireApi api, params ScriptedBackend[] steps) => RunAsync(json, api, steps, CancellationToken.None);

    private static async Task<FlowAnswer> RunAsync(string json, WireApi api, ScriptedBackend[] steps, CancellationToken cancellationToken)
    {
        using var request = Reading.Read(api, json);
        var plan = new RoutePlan([.. steps.Select(b => new RouteStep(new RouteTarget(b, new ServedModel($"{b.Name}-model", $"{b.Name}-upstream") { Apis = api }), "planned", TimeSpan.FromSeconds(5)))]);
        return await Runner.RunAsync(request, plan, 0.25f, Gates.NoRules, cancellationToken);
    }
}
