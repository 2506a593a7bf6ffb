using System.Text.Json.Nodes;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Simulator;

namespace HybridRouter.FunctionalTests.Clients.Node;

/// <summary>The Responses API of the official <c>openai</c> package of npm through a real gateway.</summary>
public sealed class OpenAiNpmResponsesTests : IClassFixture<ClientRig>
{
    private readonly ClientRig _rig;

    public OpenAiNpmResponsesTests(ClientRig rig)
    {
        _rig = rig;
        rig.Reset();
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task Responses_EachRoute_AnswersWithUsage(string model)
    {
        var seen = await RunAsync("response", model);

        Assert.Equal("hybrid answer 42", (string?)seen["text"]);
        Assert.Equal(("completed", "response", model), ((string?)seen["status"], (string?)seen["object"], (string?)seen["route"]));
        Assert.True((int)seen["usage"]!["output_tokens"]! > 0);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task ResponsesStream_EachRoute_SendsEveryEventInOrder(string model)
    {
        var seen = await RunAsync("responseStream", model);

        Assert.Equal(
            ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"],
            seen["types"]!.AsArray().Select(t => (string)t!).Distinct());
        Assert.True((bool)seen["ordered"]!);
        Assert.Equal(("hybrid answer 42", "hybrid answer 42", "completed"), ((string?)seen["deltas"], (string?)seen["text"], (string?)seen["status"]));
        Assert.True((int)seen["usage"]!["output_tokens"]! > 0);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task ResponsesTools_EachRoute_RoundTripTheCall(string model)
    {
        var seen = await RunAsync("responseTools", model);

        Assert.Equal("get_weather", (string?)seen["name"]);
        Assert.Contains("Sunny in Oslo", (string)seen["final"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task StoredResponses_ContinuedOnTheOtherRoute_AreReadListedAndDeleted(string model)
    {
        var seen = await RunAsync("storedResponse", model);

        Assert.Equal(("and then", "completed", true), ((string?)seen["text"], (string?)seen["status"], (bool)seen["previous"]!));
        Assert.Equal(["Reply with exactly: and then"], seen["items"]!.AsArray().Select(i => (string)i!));
        Assert.Equal(("BadRequestError", 400), Failure(seen["cancelled"]!));
        Assert.Equal(("NotFoundError", 404), Failure(seen["deleted"]!));
        Assert.Equal(("BadRequestError", 400), Failure(seen["continued"]!));
        var second = Assert.Single(model == "cloud" ? _rig.LocalRequests : _rig.CloudRequests);
        Assert.Matches("(?s)Reply with exactly: hybrid answer 42.*hybrid answer 42.*Reply with exactly: and then", second.Body);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task CancelResponse_InTheMiddleOfItsStream_EndsItAndCancelsUpstream(string model)
    {
        var service = model == "cloud" ? _rig.Cloud : _rig.Local;
        service.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Stall, DelaySeconds = 600, AfterEvents = model == "cloud" ? 6 : 3 });

        var seen = await RunAsync("cancelResponse", model);

        Assert.Equal(("cancelled", "response.incomplete", "cancelled"), ((string?)seen["cancelled"], (string?)seen["last"], (string?)seen["read"]));
        await Eventually.TrueAsync(() => ClientRig.Posts(service) is [{ CancelledByClient: true }], "the upstream saw its client leave");
    }

    private static (string?, int?) Failure(JsonNode error) => ((string?)error["name"], (int?)error["status"]);

    private Task<JsonNode> RunAsync(string check, string model) => NodeScript.RunAsync(_rig, "openai.mjs", check, model);
}
