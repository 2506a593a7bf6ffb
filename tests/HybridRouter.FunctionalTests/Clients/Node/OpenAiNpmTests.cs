using System.Text.Json.Nodes;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Simulator;

namespace HybridRouter.FunctionalTests.Clients.Node;

/// <summary>The official <c>openai</c> package of npm through a real gateway.</summary>
public sealed class OpenAiNpmTests : IClassFixture<ClientRig>
{
    private readonly ClientRig _rig;

    public OpenAiNpmTests(ClientRig rig)
    {
        _rig = rig;
        rig.Reset();
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task Chat_EachRoute_AnswersWithUsageAndRoute(string model)
    {
        var seen = await RunAsync("chat", model);

        Assert.Equal("hybrid answer 42", (string?)seen["content"]);
        Assert.Equal("stop", (string?)seen["finish"]);
        Assert.Equal("chat.completion", (string?)seen["object"]);
        Assert.Equal(model, (string?)seen["route"]);
        Assert.StartsWith("req_", (string?)seen["requestId"], StringComparison.Ordinal);
        Assert.True((int)seen["usage"]!["total_tokens"]! > 0);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task ChatStream_EachRoute_GivesTextAndNoUsageUnasked(string model)
    {
        var seen = await RunAsync("chatStream", model);

        Assert.Equal("""{"text":"hybrid answer 42","finish":"stop","usages":0,"ids":1}""", seen.ToJsonString());
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task ChatStream_UsageAsked_EndsWithTheUsageChunk(string model)
    {
        var seen = await RunAsync("chatStreamUsage", model);

        Assert.Equal(0, (int)seen["lastChoices"]!);
        Assert.True((int)seen["usage"]!["completion_tokens"]! > 0);
        Assert.Equal(0, (int)seen["earlier"]!);
    }

    [Theory]
    [InlineData("tools", "cloud")]
    [InlineData("tools", "local")]
    [InlineData("toolsStream", "cloud")]
    [InlineData("toolsStream", "local")]
    public async Task RunTools_EachRoute_CallsTheFunctionAndUsesItsResult(string check, string model)
    {
        var seen = await RunAsync(check, model);

        Assert.Equal("""["Oslo"]""", seen["calls"]!.ToJsonString());
        Assert.Contains("Sunny in Oslo", (string)seen["final"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task Completions_EachRoute_AnswersWholeAndStreamed(string model)
    {
        var seen = await RunAsync("completion", model);

        Assert.NotEqual("", (string?)seen["text"]);
        Assert.Equal((string?)seen["text"], (string?)seen["streamed"]);
        Assert.Equal("text_completion", (string?)seen["object"]);
    }

    [Fact]
    public async Task Embeddings_Base64ByDefault_DecodeToTheSameFloats()
    {
        var seen = await RunAsync("embeddings", ClientRig.Embeddings);

        Assert.Equal((2, 1536), ((int)seen["count"]!, (int)seen["size"]!));
        Assert.True((double)seen["difference"]! < 1e-6, seen.ToJsonString());
        Assert.True((int)seen["usage"]!["total_tokens"]! > 0);
    }

    [Fact]
    public async Task Models_ListAndRetrieve_NameRoutesAndModels()
    {
        var seen = await RunAsync("models", ClientRig.LocalModel);

        var ids = seen["ids"]!.AsArray().Select(i => (string)i!).ToList();
        Assert.Equal(["auto", "local", "cloud"], ids[..3]);
        Assert.Superset(new HashSet<string> { ClientRig.Main, ClientRig.Embeddings, ClientRig.LocalModel }, ids.ToHashSet());
        Assert.Equal(ClientRig.LocalModel, (string?)seen["one"]);
    }

    [Fact]
    public async Task Errors_EachKind_AreTheClientsOwnClasses()
    {
        var seen = await RunAsync("errors", "cloud");

        AssertError(seen["badRequest"]!, "BadRequestError", 400, null);
        AssertError(seen["unauthorized"]!, "AuthenticationError", 401, "invalid_api_key");
        AssertError(seen["unknownModel"]!, "NotFoundError", 404, "model_not_found");
        Assert.Equal(("NotFoundError", 404), ((string?)seen["unknownResponse"]!["name"], (int?)seen["unknownResponse"]!["status"]));
        Assert.Equal("messages", (string?)seen["badRequest"]!["param"]);
        Assert.Empty(_rig.CloudRequests);
    }

    [Fact]
    public async Task RateLimited_WithoutRetries_IsARateLimitError()
    {
        _rig.Cloud.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Status, Status = 429, RetryAfterSeconds = 1, Times = 1 });

        AssertError(await RunAsync("rateLimited", ClientRig.Strict), "RateLimitError", 429, "rate_limit_exceeded");
    }

    [Fact]
    public async Task RateLimited_WithRetryAfter_IsRetriedWhenItSaid()
    {
        _rig.Cloud.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Status, Status = 429, RetryAfterSeconds = 2, Times = 1 });

        var seen = await RunAsync("rateLimitedThenRetried", ClientRig.Strict);

        Assert.Equal("hybrid answer 42", (string?)seen["content"]);
        Assert.InRange((double)seen["waited"]!, 2000, 20_000);
        Assert.Equal([429, 200], _rig.CloudRequests.Select(r => r.Status));
    }

    [Theory]
    [InlineData("cloud", SimulatedFaultKind.StreamError)]
    [InlineData("local", SimulatedFaultKind.StreamError)]
    [InlineData("cloud", SimulatedFaultKind.Cut)]
    [InlineData("local", SimulatedFaultKind.Cut)]
    public async Task ChatStream_BreaksInTheMiddle_Throws(string model, SimulatedFaultKind kind)
    {
        (model == "cloud" ? _rig.Cloud : _rig.Local).AddFault(new SimulatedFault { Kind = kind, AfterEvents = 3 });

        var seen = await RunAsync("streamError", model);

        Assert.Equal("APIError", (string?)seen["name"]);
        Assert.Single(_rig.CloudRequests.Concat(_rig.LocalRequests));
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task Abort_InTheMiddleOfAStream_CancelsUpstream(string model)
    {
        var service = model == "cloud" ? _rig.Cloud : _rig.Local;
        service.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Stall, DelaySeconds = 600, AfterEvents = 3 });

        var seen = await RunAsync("abort", model);

        Assert.Equal("chat.completion.chunk", (string?)seen["first"]);
        await Eventually.TrueAsync(() => ClientRig.Posts(service) is [{ CancelledByClient: true }], "the upstream saw its client leave");
    }

    private Task<JsonNode> RunAsync(string check, string model) => NodeScript.RunAsync(_rig, "openai.mjs", check, model);

    private static void AssertError(JsonNode error, string name, int status, string? code)
    {
        Assert.Equal((name, status, code), ((string?)error["name"], (int?)error["status"], (string?)error["code"]));
        Assert.False(string.IsNullOrEmpty((string?)error["type"]), error.ToJsonString());
        Assert.StartsWith("req_", (string?)error["requestId"], StringComparison.Ordinal);
    }
}
