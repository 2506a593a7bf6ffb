using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Flow;
using HybridRouter.Pacing;
using HybridRouter.Routing;
using HybridRouter.Sessions;
using HybridRouter.Triage;
using HybridRouter.UnitTests.Callers;
using HybridRouter.UnitTests.Intake;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.UnitTests.Flow;

public sealed class RoutingTableTests
{
    private readonly ScriptedBackend _local = new("box", RouteKind.Local, Model("small", WireApi.ChatCompletions), Model("small-embed", WireApi.Embeddings));
    private readonly ScriptedBackend _cloud = new("openai", RouteKind.Cloud, Model("big", WireApi.ChatCompletions), Model("bigger", WireApi.ChatCompletions, "careful"), Model("big-embed", WireApi.Embeddings));

    [Theory]
    [InlineData("auto", null, "small", "big")]
    [InlineData("AUTO", null, "small", "big")]
    [InlineData("local", RouteKind.Local, "small", "big")]
    [InlineData("cloud", RouteKind.Cloud, "small", "big")]
    [InlineData("small", RouteKind.Local, "small", "big")]
    [InlineData("Bigger", null, "small", "bigger")]
    public void Choose_Name_GivesTheCandidates(string name, RouteKind? demanded, string local, string cloud)
    {
        using var request = Reading.Chat($$"""{"model":"{{name}}","messages":[{"role":"user","content":"a"}]}""");
        var choice = Rules().Choose(request);

        Assert.Equal((demanded, local, cloud), (choice.Demanded, choice.Local?.Model.Name, choice.Cloud?.Model.Name));
    }

    [Theory]
    [InlineData("auto", "small-embed")]
    [InlineData("local", "small-embed")]
    [InlineData("cloud", "big-embed")]
    [InlineData("big-embed", "big-embed")]
    [InlineData("small-embed", "small-embed")]
    public void Choose_Embeddings_OneModelOnly(string name, string model)
    {
        using var request = Reading.Embeddings($$"""{"model":"{{name}}","input":"a"}""");
        var choice = Rules().Choose(request);

        Assert.Equal(model, Assert.Single(new[] { choice.Local, choice.Cloud }, t => t is not null)!.Model.Name);
        Assert.NotNull(choice.Demanded);
    }

    [Fact]
    public void Choose_UnknownName_Is404AndDoesNotEchoAMegabyte()
    {
        using var request = Reading.Chat($$"""{"model":"{{new string('x', 1_000_000)}}","messages":[{"role":"user","content":"a"}]}""");
        var error = Assert.Throws<ApiException>(() => Rules().Choose(request)).Error;

        Assert.Equal((404, "model_not_found", "model"), (error.Status, error.Code, error.Param));
        Assert.InRange(error.Message.Length, 1, 500);
    }

    [Fact]
    public void Weigh_ModelsThatSpill_AreAChainAcrossProviders()
    {
        var options = new RouterOptions();
        options.Cloud.Providers =
        [
            new() { Models = [new() { Name = "big", Provisioned = true, SpillTo = "BIGGER", OutputWeight = 3 }] },
            new() { Models = [new() { Name = "bigger", SpillTo = "gone" }] },
        ];
        using var request = Reading.Chat("""{"model":"auto","max_tokens":100,"messages":[{"role":"user","content":"12345678"}]}""");
        var rules = Rules(options);
        var input = rules.Weigh(request, rules.Choose(request), new TriageVerdict(0.9f, 0.5f), sessionHoldsCloud: false);

        Assert.Equal([("big", true), ("bigger", false)], input.Cloud.Select(c => (c.Target.Model.Name, c.Provisioned)));
        Assert.Equal(200, input.Cloud[0].Tokens - input.Cloud[1].Tokens);
    }

    [Fact]
    public void Choose_ModelWithAProfile_TakesItsRules()
    {
        var options = new RouterOptions();
        options.Routing.Profiles["careful"] = new RouteProfileOptions { Mode = RouteMode.AlwaysCloud };
        using var request = Reading.Chat("""{"model":"bigger","messages":[{"role":"user","content":"a"}]}""");

        Assert.Equal(RouteMode.AlwaysCloud, Rules(options).Choose(request).Profile.Mode);
    }

    [Fact]
    public async Task Run_ToolLoopThatBeganInTheCloud_StaysThereThroughATitleAndAFallback()
    {
        const string tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],";
        const string turn = """{"role":"user","content":"hard"}""";
        const string loop = turn + """,{"role":"assistant","tool_calls":[]},{"role":"tool","content":"r"}""";
        _cloud.Answers("{}");
        _local.Answers("{}");
        var flow = Flow();

        Assert.Equal(RouteKind.Cloud, await RouteAsync(flow, tools, turn, "cloud"));
        Assert.Equal(RouteKind.Local, await RouteAsync(flow, "", turn)); // the title that the agent asks for beside it
        Assert.Equal(RouteKind.Cloud, await RouteAsync(flow, tools, loop));
        _cloud.Fails(FailureKind.ServerError);
        Assert.Equal(RouteKind.Local, await RouteAsync(flow, tools, loop));
        _cloud.Answers("{}");
        Assert.Equal(RouteKind.Cloud, await RouteAsync(flow, tools, loop));
        Assert.Equal(RouteKind.Local, await RouteAsync(flow, tools, turn)); // a new turn is decided anew
        Assert.Equal(RouteKind.Local, await RouteAsync(flow, tools, loop));
        Assert.Equal(RouteKind.Local, await RouteAsync(flow, tools, loop, session: "another"));
    }

    [Fact]
    public async Task Run_LocalFailsInALoop_TheLoopRisesAndStays()
    {
        const string tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],";
        const string loop = """{"role":"user","content":"a"},{"role":"assistant","tool_calls":[]},{"role":"tool","content":"r"}""";
        _cloud.Answers("{}");
        _local.Fails(FailureKind.ServerError);
        var flow = Flow();

        Assert.Equal(RouteKind.Cloud, await RouteAsync(flow, tools, loop));
        _local.Answers("{}");
        Assert.Equal(RouteKind.Cloud, await RouteAsync(flow, tools, loop));
    }

    private static async Task<RouteKind> RouteAsync(ModelFlow flow, string members, string messages, string model = "auto", string session = "s")
    {
        using var request = Reading.Chat($$"""{"model":"{{model}}",{{members}}"prompt_cache_key":"{{session}}","messages":[{{messages}}]}""");
        await using var answer = await flow.RunAsync(request, CancellationToken.None);
        return answer.Decision.Route;
    }

    private ModelFlow Flow() => new(
        new RoutingTable(Rules()),
        new SessionRoutes(TimeSpan.FromHours(1), TimeProvider.System),
        Gates.Runner(),
        new CutoffPacing(new PacingBoard(() => 1, TimeProvider.System)));

    private RoutingRules Rules(RouterOptions? options = null) =>
        new(options ?? new RouterOptions(), new BackendDirectory([_local, _cloud]), new TriageJudge(new Fixed(0.1f), 0.5f, null, NullLogger<TriageJudge>.Instance));

    private static ServedModel Model(string name, WireApi apis, string? profile = null) => new(name, name) { Apis = apis, Profile = profile };

    private sealed class Fixed(float score) : IPromptClassifier
    {
        public string Version => "fixed";

        public float Score(TriageInput input) => score;

        public IReadOnlyList<FeatureWeight> Explain(TriageInput input, int top) => [];
    }
}
