using System.Text.Json.Nodes;
using HybridRouter.Configuration;
using HybridRouter.Simulator;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>The check of the local draft as clients see it, on all three operations.</summary>
public sealed class DraftCheckTests : IAsyncLifetime
{
    private const string Stream = ",\"stream\":true";

    private readonly DraftCheckOptions _check = new() { Mode = DraftCheckMode.Escalate };
    private DraftUpstream _draft = null!;
    private TestGateway? _gateway;

    private static string Loop => string.Concat(Enumerable.Repeat("and then again ", 60));

    public static TheoryData<string, bool> Operations => new() { { "chat", false }, { "chat", true }, { "responses", false }, { "responses", true }, { "completions", false }, { "completions", true } };

    public async ValueTask InitializeAsync() => _draft = await DraftUpstream.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
            await _gateway.DisposeAsync();
        await _draft.DisposeAsync();
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task Escalate_LoopingDraft_TheCloudAnswers(string operation, bool stream)
    {
        var gateway = await GatewayAsync();
        _draft.Text = Loop;
        using var response = await SendAsync(gateway, operation, stream);
        var text = await TextAsync(response);

        Assert.Equal(("cloud", "escalated: draft looping"), (Route(response), Header(response, "x-hybridrouter-reason")));
        Assert.DoesNotContain("again", text);
        Assert.Single(Posts(gateway.Cloud));
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task Escalate_GoodDraft_IsTheAnswer(string operation, bool stream)
    {
        var gateway = await GatewayAsync();
        _draft.Text = "Use a list comprehension: it is short and clear.";
        using var response = await SendAsync(gateway, operation, stream);
        var text = await TextAsync(response);

        Assert.StartsWith("simple: ", Header(response, "x-hybridrouter-reason"));
        Assert.Contains(stream ? "Use a list compr" : "it is short and clear.", text);
        Assert.Empty(Posts(gateway.Cloud));
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task Escalate_CloudQuotaIsSpent_TheDraftIsKept(string operation, bool stream)
    {
        var gateway = await GatewayAsync();
        _draft.Text = Loop;
        gateway.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Status, Status = 429, Code = "insufficient_quota" });
        using var response = await SendAsync(gateway, operation, stream);
        var text = await TextAsync(response);

        Assert.Equal(("local", "escalation failed: kept the local draft"), (Route(response), Header(response, "x-hybridrouter-reason")));
        Assert.Contains("again", text);
        Assert.Single(_draft.Asked);
    }

    [Theory]
    [InlineData("```python\ndef f(:\n    pass\n```", "does_not_parse")]
    [InlineData("```cs\nclass A {\n```", "does_not_parse")]
    [InlineData("", "empty")]
    [InlineData("I'm sorry, but I can't help with that.", "refusal")]
    public async Task Escalate_OtherFindings_AreTheReason(string text, string finding)
    {
        var gateway = await GatewayAsync();
        _draft.Text = text;
        using var response = await gateway.ChatAsync("easy");

        Assert.Equal($"escalated: draft {finding}", Header(response, "x-hybridrouter-reason"));
    }

    [Theory]
    [InlineData("{\"a\":", "escalated: draft bad_tool_call", true)]
    [InlineData("{\"a\":", "escalated: draft bad_tool_call", false)]
    [InlineData("{\"a\":1}", "simple: score 0.10, cutoff 0.50", true)]
    public async Task Escalate_ToolCall_ByItsArguments(string arguments, string reason, bool stream)
    {
        var gateway = await GatewayAsync();
        (_draft.Text, _draft.Arguments, _draft.FinishReason) = ("", arguments, "tool_calls");
        using var response = await gateway.ChatAsync("easy", ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]" + (stream ? Stream : ""));
        await TextAsync(response);

        Assert.Equal(reason, Header(response, "x-hybridrouter-reason"));
        Assert.Null(Assert.Single(_draft.Asked)["logprobs"]);
    }

    [Theory]
    [InlineData(-0.1, false, "simple: score 0.10, cutoff 0.50")]
    [InlineData(-0.1, true, "simple: score 0.10, cutoff 0.50")]
    [InlineData(-2, true, "escalated: draft unsure")]
    public async Task Escalate_LogProbs_AreAskedForAndNotShown(double logProb, bool stream, string reason)
    {
        var gateway = await GatewayAsync(o => o.Local.Engines[0].Models[0].Abilities = [LocalAbility.Tools, LocalAbility.LogProbs]);
        _draft.LogProb = logProb;
        using var response = await gateway.ChatAsync("easy", stream ? Stream : "");

        Assert.DoesNotContain("\"logprob\"", await TextAsync(response));
        Assert.Equal(reason, Header(response, "x-hybridrouter-reason"));
        Assert.Equal("true", Assert.Single(_draft.Asked)["logprobs"]!.ToJsonString());
    }

    [Fact]
    public async Task Escalate_LogProbsThatTheClientWants_AreShown()
    {
        var gateway = await GatewayAsync(o => o.Local.Engines[0].Models[0].Abilities = [LocalAbility.LogProbs]);
        _draft.LogProb = -0.1;

        Assert.Contains("\"logprob\"", await TextAsync(await gateway.ChatAsync("easy", ",\"logprobs\":true" + Stream)));
    }

    [Theory]
    [InlineData("local")]
    [InlineData("small")]
    public async Task Escalate_LocalByName_NeverLeaves(string model)
    {
        var gateway = await GatewayAsync();
        _draft.Text = Loop;
        using var response = await gateway.ChatAsync("easy", model: model);

        Assert.Contains("again", await TextAsync(response));
        Assert.Equal("local", Route(response));
        Assert.Empty(Posts(gateway.Cloud));
    }

    [Fact]
    public async Task Escalate_ProfileWithoutCloudFallback_NeverLeaves()
    {
        var gateway = await GatewayAsync(o => o.Routing.Profiles["default"].CloudFallback = false);
        _draft.Text = Loop;

        Assert.Equal("local", Route(await gateway.ChatAsync("easy")));
        Assert.Empty(Posts(gateway.Cloud));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Observe_BadDraft_Passes(bool stream)
    {
        _check.Mode = DraftCheckMode.Observe;
        var gateway = await GatewayAsync();
        _draft.Text = Loop;
        using var response = await gateway.ChatAsync("easy", stream ? Stream : "");

        Assert.Contains("again", await TextAsync(response));
        Assert.StartsWith("simple: ", Header(response, "x-hybridrouter-reason"));
        Assert.Empty(Posts(gateway.Cloud));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Hold_StreamIsLate_ShowsLifeAndThenReplaysInOrder(bool good)
    {
        var gateway = await GatewayAsync(o => o.Quota.Queue.KeepAliveSeconds = 0.05);
        _draft.Text = good ? "0123456789abcdef0123456789abcdef!" : Loop;
        _draft.HoldRest();
        using var response = await gateway.ChatAsync("easy", Stream);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal(": waiting", await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        _draft.LetGo();
        var rest = (await lines.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var words = rest.Single(l => l.StartsWith(": route", StringComparison.Ordinal));
        Assert.Contains(good ? "route local" : "reason escalated: draft looping", words);
        Assert.Equal("data: [DONE]", rest[^1]);
        var text = string.Concat(rest.Where(l => l.StartsWith("data: {", StringComparison.Ordinal)).SelectMany(l => JsonNode.Parse(l[6..])!["choices"]!.AsArray()).Select(c => (string?)c!["delta"]!["content"]));
        Assert.True(good ? text == _draft.Text : text.Length > 0 && !text.Contains("again", StringComparison.Ordinal), text);
    }

    [Fact]
    public async Task Hold_ResponsesStreamIsLate_IsOneResponse()
    {
        var gateway = await GatewayAsync(o => o.Quota.Queue.KeepAliveSeconds = 0.05);
        _draft.HoldRest();
        using var response = await gateway.ResponseAsync("easy", Stream);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal("event: response.created", await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        _draft.LetGo();
        var events = (await lines.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n').Where(l => l.StartsWith("data: ", StringComparison.Ordinal)).Select(l => JsonNode.Parse(l[6..])!).ToList();

        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => (int)e["sequence_number"]!));
        Assert.Equal(("response.completed", "Use a list."), ((string?)events[^1]["type"], (string?)events[^1]["response"]!["output"]![0]!["content"]![0]!["text"]));
        Assert.Single(events.Select(e => (string?)e["response"]?["id"]).OfType<string>().Distinct());
    }

    [Fact]
    public async Task Hold_TakesTooLong_TheDraftIsLetThroughWhileItRuns()
    {
        _check.MaxHoldSeconds = 1;
        var gateway = await GatewayAsync();
        _draft.Text = Loop;
        _draft.HoldRest();
        using var response = await gateway.ChatAsync("easy", Stream);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        Assert.Contains("and then again", await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        _draft.LetGo();
        Assert.EndsWith("data: [DONE]\n\n", await lines.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Empty(Posts(gateway.Cloud));
    }

    [Fact]
    public async Task Hold_MoreThanIsHeld_TheDraftIsLetThroughWhileItRuns()
    {
        _check.MaxHeldKiB = 64;
        var gateway = await GatewayAsync();
        _draft.Text = string.Concat(Enumerable.Repeat(Loop, 20));
        using var response = await gateway.ChatAsync("easy", Stream);

        Assert.EndsWith("data: [DONE]\n\n", await TextAsync(response));
        Assert.Equal("local", Route(response));
        Assert.Empty(Posts(gateway.Cloud));
    }

    [Fact]
    public async Task Hold_ClientLeaves_TheEngineIsStoppedAndTheCloudIsNotAsked()
    {
        var gateway = await GatewayAsync(o => o.Quota.Queue.KeepAliveSeconds = 0.05);
        _draft.Text = Loop;
        _draft.HoldRest();
        using (var response = await gateway.ChatAsync("easy", Stream))
        {
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
            Assert.Equal(": waiting", await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        }

        await _draft.Left.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Empty(Posts(gateway.Cloud));
    }

    [Fact]
    public async Task Escalate_TinyModelThatLoops_TheCloudAnswers()
    {
        await GgufHost.GgufHostFixture.InstallAsync();
        var gateway = await GatewayAsync(o =>
        {
            o.Routing.MaxLocalWaitSeconds = 120;
            o.Local.Engines[0] = new LocalEngineOptions
            {
                Name = "tiny-engine",
                Kind = LocalEngineKind.Managed,
                Preset = ManagedPreset.GgufHost,
                Models = [new LocalModelOptions { Name = "small", File = "tiny/hybridrouter-tiny.gguf", ContextTokens = 512, CharsPerToken = 1, Slots = 1 }],
            };
        });
        // Who asks for the local model waits until it is loaded.
        Assert.Equal("local", Route(await gateway.ChatAsync("hello", model: "local")));
        using var loops = await gateway.PostAsync("v1/chat/completions", """{"model":"auto","messages":[{"role":"user","content":"demo:endless"}]}""");
        await JsonAsync(loops);

        Assert.Equal(("cloud", "escalated: draft looping"), (Route(loops), Header(loops, "x-hybridrouter-reason")));
    }

    private async Task<TestGateway> GatewayAsync(Action<RouterOptions>? change = null) => _gateway = await StartAsync(options =>
    {
        options.Local.Engines[0].BaseUrl = _draft.BaseUrl;
        options.Routing.Profiles["default"] = new RouteProfileOptions { DraftCheck = _check };
        change?.Invoke(options);
    });

    private static Task<HttpResponseMessage> SendAsync(TestGateway gateway, string operation, bool stream) => operation switch
    {
        "chat" => gateway.ChatAsync("easy", stream ? Stream : ""),
        "responses" => gateway.ResponseAsync("easy", stream ? Stream : ""),
        _ => gateway.PostAsync("v1/completions", $$"""{"model":"auto","prompt":"easy {{Marker}}","max_tokens":4000{{(stream ? Stream : "")}}}"""),
    };
}
