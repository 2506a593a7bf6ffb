using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Flow;
using HybridRouter.Gateway.Endpoints;
using HybridRouter.Gateway.Http;
using HybridRouter.Pacing;
using HybridRouter.Quota;
using HybridRouter.Routing;
using HybridRouter.Sessions;
using HybridRouter.Triage;
using HybridRouter.UnitTests.Intake;
using HybridRouter.UnitTests.Callers;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Flow;

/// <summary>The pacing in the walk of a request: which cutoff holds, what counts as demand, and where it is told.</summary>
public sealed class CutoffPacingTests
{
    private const double Capacity = 60_000;

    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedBackend _local = new ScriptedBackend("box", RouteKind.Local, Model("small"), Model("small-embed", WireApi.Embeddings)).Answers("{}");
    private readonly ScriptedBackend _cloud = new ScriptedBackend("sky", RouteKind.Cloud, Model("big"), Model("rest"), Model("big-embed", WireApi.Embeddings)).Answers("{}");
    private readonly RouterOptions _options = new();
    private readonly PacingBoard _board;
    private readonly ModelFlow _flow;
    private float _score = 0.4f;

    public CutoffPacingTests()
    {
        _board = new PacingBoard(() => 1, _time);
        _options.Cloud.Providers.Add(new CloudProviderOptions { Models = [new CloudModelOptions { Name = "big" }, new CloudModelOptions { Name = "rest" }] });
        var judge = new TriageJudge(new Scripted(() => _score), 0.5f, null, NullLogger<TriageJudge>.Instance);
        _flow = new ModelFlow(
            new RoutingTable(new RoutingRules(_options, new BackendDirectory([_local, _cloud]), judge)),
            new SessionRoutes(TimeSpan.FromHours(1), _time),
            Gates.Runner(time: _time),
            new CutoffPacing(_board));
        Quota(Capacity);
    }

    [Fact]
    public async Task Run_QuotaFullThenSpent_SameScoreGoesToTheCloudThenStays()
    {
        var slack = await RunAsync();
        Quota(-20_000);
        var spent = await RunAsync();

        Assert.Equal((RouteKind.Cloud, 0.25f), (slack.Route, slack.Cutoff));
        Assert.StartsWith("complex: score 0.40, cutoff 0.25 (configured 0.50; quota slack: 100 % left, refills 1000 tokens/s, demand ", slack.Reason);
        Assert.Equal(RouteKind.Local, spent.Route);
        Assert.StartsWith("simple: score 0.40, cutoff 1.00 (configured 0.50; quota spent: 0 % left, ", spent.Reason);
    }

    [Fact]
    public async Task Run_LimitsUnknown_ConfiguredCutoffAndNoWords()
    {
        _cloud.State = new BackendStatus(true);
        var decision = await RunAsync();

        Assert.Equal((RouteKind.Local, 0.5f, "simple: score 0.40, cutoff 0.50"), (decision.Route, decision.Cutoff, decision.Reason));
    }

    [Fact]
    public async Task Run_ProfileWithItsOwnRules_TheyHold()
    {
        _options.Routing.Pacing.MinCutoff = 0.1;
        _options.Routing.Profiles["default"] = new RouteProfileOptions { Cutoff = 0.6f, Pacing = new PacingOptions { MinCutoff = 0.45 } };
        var decision = await RunAsync();

        Assert.Equal((RouteKind.Local, 0.45f), (decision.Route, decision.Cutoff));
    }

    [Fact]
    public async Task Run_ModelWithAPrice_DoesNotGoBelowTheConfiguredCutoff()
    {
        _options.Prices["big"] = new PriceOptions { InputPerMillion = 1, OutputPerMillion = 2 };

        Assert.Equal(0.5f, (await RunAsync()).Cutoff);
    }

    [Fact]
    public async Task Run_ModelThatTakesTheRestHasQuota_NotShort()
    {
        _options.Cloud.Providers[0].Models[0].SpillTo = "rest";
        _cloud.StateOf = model => model.Name == "rest" ? Status(Capacity) : Status(-20_000);

        Assert.Equal(0.25f, (await RunAsync()).Cutoff);
    }

    [Theory]
    [InlineData("auto", "", 0.1f, 1, 0)]
    [InlineData("auto", "", 0.9f, 1, 0)]
    [InlineData("big", "", 0.1f, 1, 0)]
    [InlineData("cloud", "", 0.1f, 0, 1)]
    [InlineData("local", "", 0.9f, 0, 0)]
    [InlineData("small", "", 0.9f, 0, 0)]
    [InlineData("auto", "\"tools\":[{\"type\":\"web_search\"}],", 0.1f, 0, 1)]
    public async Task Run_Request_IsDemandWhereTriageDecides(string model, string members, float score, int triaged, int anyway)
    {
        _score = score;
        Requests();
        await RunAsync(model, members);

        Assert.Equal((triaged, anyway), Seen());
    }

    [Fact]
    public async Task Run_ToolLoopInTheCloud_GoesThereAnyway()
    {
        const string tools = "\"prompt_cache_key\":\"s\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],";
        Requests();
        _score = 0.9f;
        await RunAsync("auto", tools);
        _score = 0.1f;
        using var request = Reading.Chat($$"""{"model":"auto",{{tools}}"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[]},{"role":"tool","content":"r"}]}""");
        await using var answer = await _flow.RunAsync(request, CancellationToken.None);

        Assert.Equal(RouteKind.Cloud, answer.Decision.Route);
        Assert.Equal((1, 1), Seen());
    }

    [Fact]
    public async Task Run_ProfileThatDoesNotMove_CountsAsTrafficThatGoesAnyway()
    {
        _options.Routing.Profiles["default"] = new RouteProfileOptions { Pacing = new PacingOptions { Enabled = false } };
        Requests();
        _score = 0.9f;
        await RunAsync();
        _score = 0.1f;
        await RunAsync();
        _options.Routing.Profiles.Clear();

        Assert.Equal((0, 1), Seen());
    }

    [Fact]
    public async Task Run_LocalBusyThenFailing_BothGoToTheCloudAnyway()
    {
        Requests();
        _score = 0.1f;
        _local.State = new BackendStatus(true, EstimatedWait: TimeSpan.FromMinutes(1));
        Assert.Equal(RouteKind.Cloud, (await RunAsync()).Route);
        Assert.Equal((0, 1), Seen());

        _local.State = new BackendStatus(true);
        _local.Fails(FailureKind.ServerError);
        Assert.True((await RunAsync()).FellBack);
        Assert.Equal((1, 2), Seen());
    }

    [Fact]
    public async Task Run_Embeddings_AreNotPaced()
    {
        using var request = Reading.Embeddings("""{"model":"big-embed","input":"a"}""");
        await using var answer = await _flow.RunAsync(request, CancellationToken.None);

        Assert.Empty(_board.Read());
    }

    [Fact]
    public void Explain_QuotaSlack_TellsBothCutoffsAndWhyAndIsNoDemand()
    {
        using var request = Request("auto", "");
        var json = RouteApi.ToJson(_flow.Explain(request, 5));

        Assert.Equal((0.25f, 0.5f), ((float)json["cutoff"]!, (float)json["configured_cutoff"]!));
        Assert.Equal("quota slack: 100 % left, refills 1000 tokens/s, demand 0 tokens/s", (string?)json["cutoff_reason"]);
        Assert.Equal("cloud", (string?)json["route"]);
        Requests();
        Assert.Equal((0, 0), Seen());
    }

    [Fact]
    public async Task Write_Headers_TellTheCutoff()
    {
        var headers = new HeaderDictionary();
        RouteHeaders.Write(headers, await RunAsync());

        Assert.Equal("0.2500", headers["x-hybridrouter-cutoff"].ToString());
        Assert.Contains("configured 0.50; quota slack", headers["x-hybridrouter-reason"].ToString());
    }

    private void Quota(double remaining)
    {
        _cloud.State = Status(remaining);
        _time.Advance(PoolPacer.Refresh);
    }

    private static BackendStatus Status(double remaining) =>
        new(true) { Quota = new QuotaOutlook([new QuotaLine(MeterUnit.Tokens, remaining, Capacity, 1000, default)]) };

    private void Requests() =>
        _cloud.State = new BackendStatus(true) { Quota = new QuotaOutlook([new QuotaLine(MeterUnit.Requests, 60, 60, 1, default)]) };

    /// <summary>Requests that the pacer of the big model holds, in the first five seconds: where triage decides, and those that go anyway.</summary>
    private (int Triaged, int Anyway) Seen()
    {
        _time.Advance(PoolPacer.Refresh);
        using var request = Request("big", "");
        _flow.Explain(request, 1);
        var reading = _board.Read().Single(r => r.Pool == "big");
        return ((int)Math.Round((reading.Demand!.Value - reading.Anyway!.Value) * 5), (int)Math.Round(reading.Anyway.Value * 5));
    }

    private async Task<RouteDecision> RunAsync(string model = "auto", string members = "")
    {
        using var request = Request(model, members);
        await using var answer = await _flow.RunAsync(request, CancellationToken.None);
        return answer.Decision;
    }

    private static HybridRouter.Intake.ModelRequest Request(string model, string members) =>
        Reading.Chat($$"""{"model":"{{model}}",{{members}}"messages":[{"role":"user","content":"{{new string('a', 48)}}"}]}""");

    private static ServedModel Model(string name, WireApi apis = WireApi.ChatCompletions) => new(name, name) { Apis = apis, CharsPerToken = 3 };

    private sealed class Scripted(Func<float> score) : IPromptClassifier
    {
        public string Version => "scripted";

        public float Score(TriageInput input) => score();

        public IReadOnlyList<FeatureWeight> Explain(TriageInput input, int top) => [];
    }
}
