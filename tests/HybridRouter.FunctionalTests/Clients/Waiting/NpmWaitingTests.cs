using System.Text.Json.Nodes;
using HybridRouter.FunctionalTests.Clients.Node;

namespace HybridRouter.FunctionalTests.Clients.Waiting;

/// <summary>The official <c>openai</c> package of npm, told to give up long before the answer comes.</summary>
public sealed class NpmWaitingTests : IClassFixture<SlowRig>
{
    private readonly SlowRig _rig;

    public NpmWaitingTests(SlowRig rig)
    {
        _rig = rig;
        rig.Reset();
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task ChatStream_WaitLongerThanItsTimeout_GivesTheText(string model)
    {
        _rig.Slow(model);

        Assert.Equal("""{"text":"hybrid answer 42","finish":"stop"}""", (await RunAsync("patientChat", model)).ToJsonString());
    }

    [Fact]
    public async Task CompletionsStream_WaitLongerThanItsTimeout_GivesTheText()
    {
        _rig.Slow("cloud");

        Assert.NotEqual("", (string?)(await RunAsync("patientCompletion", "cloud"))["text"]);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task ResponsesStream_WaitLongerThanItsTimeout_IsOneResponseThatCanBeRead(string model)
    {
        _rig.Slow(model);

        var seen = await RunAsync("patientResponse", model);

        Assert.Equal(("hybrid answer 42", "completed", 1, true), ((string?)seen["text"], (string?)seen["status"], (int)seen["ids"]!, (bool)seen["ordered"]!));
        Assert.Equal("response.created", (string?)seen["types"]![0]);
        Assert.Single(seen["types"]!.AsArray(), t => (string?)t == "response.created");
        Assert.True(seen["types"]!.AsArray().Count(t => (string?)t == "response.in_progress") >= 3, seen.ToJsonString());
        Assert.Equal("hybrid answer 42", (string?)seen["read"]);
    }

    [Fact]
    public async Task Streams_RefusedAfterSignsOfLife_AreErrors()
    {
        _rig.RefuseLate(2);

        var seen = await RunAsync("refusedLate", "local");

        Assert.Equal(("APIError", "rate_limit_exceeded"), ((string?)seen["chat"]!["name"], (string?)seen["chat"]!["code"]));
        Assert.Equal(("response.failed", "rate_limit_exceeded"), ((string?)seen["response"]!["type"], (string?)seen["response"]!["code"]));
        Assert.Equal(2, _rig.Refused);
    }

    private Task<JsonNode> RunAsync(string check, string model) => NodeScript.RunAsync(_rig, "waiting.mjs", check, model, $"{SlowRig.IdleSeconds * 1000}");
}
