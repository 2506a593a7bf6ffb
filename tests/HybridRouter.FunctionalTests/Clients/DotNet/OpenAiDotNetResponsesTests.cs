using System.ClientModel;
using HybridRouter.Simulator;
using OpenAI.Responses;

// The package marks its whole Responses client as experimental; that users call it is the point here.
#pragma warning disable OPENAI001

namespace HybridRouter.FunctionalTests.Clients.DotNet;

/// <summary>The Responses client of the official OpenAI package of .NET through a real gateway.</summary>
public sealed class OpenAiDotNetResponsesTests : IClassFixture<ClientRig>
{
    private const string Echo = "Reply with exactly: hybrid answer 42";

    private readonly ClientRig _rig;
    private readonly ResponsesClient _client;

    public OpenAiDotNetResponsesTests(ClientRig rig)
    {
        _rig = rig;
        rig.Reset();
        _client = new ResponsesClient(new ApiKeyCredential(ClientRig.Key), new ResponsesClientOptions { Endpoint = rig.BaseUrl });
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task CreateResponse_EachRoute_AnswersWithUsage(string model)
    {
        var response = (await _client.CreateResponseAsync(Options(model, Echo))).Value;

        Assert.Equal("hybrid answer 42", response.GetOutputText());
        Assert.Equal(ResponseStatus.Completed, response.Status);
        Assert.True(response.Usage.OutputTokenCount > 0 && response.Usage.InputTokenCount > 0);
        Assert.Equal(model == "local" ? ["/v1/chat/completions"] : ["/v1/responses"], _rig.CloudRequests.Concat(_rig.LocalRequests).Select(r => r.Path));
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task CreateResponseStreaming_EachRoute_GivesDeltasAndTheWhole(string model)
    {
        var deltas = "";
        ResponseResult? completed = null;
        var options = Options(model, Echo);
        options.StreamingEnabled = true;
        await foreach (var update in await _client.CreateResponseStreamingAsync(options))
        {
            if (update is StreamingResponseOutputTextDeltaUpdate delta)
                deltas += delta.Delta;
            if (update is StreamingResponseCompletedUpdate end)
                completed = end.Response;
        }

        Assert.Equal("hybrid answer 42", deltas);
        Assert.Equal("hybrid answer 42", completed?.GetOutputText());
        Assert.True(completed!.Usage.OutputTokenCount > 0);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task CreateResponse_WithATool_RoundTripsTheCall(string model)
    {
        var options = Options(model, """Use the tool get_weather for "Oslo".""");
        options.Tools.Add(ResponseTool.CreateFunctionTool("get_weather", BinaryData.FromString(
            """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""), strictModeEnabled: false, "Weather of a city."));

        var asked = (await _client.CreateResponseAsync(options)).Value;
        var call = Assert.Single(asked.OutputItems.OfType<FunctionCallResponseItem>());
        foreach (var item in asked.OutputItems)
            options.InputItems.Add(item);
        options.InputItems.Add(ResponseItem.CreateFunctionCallOutputItem(call.CallId, "Sunny in Oslo"));
        var told = (await _client.CreateResponseAsync(options)).Value;

        Assert.Equal(("get_weather", """{"city":"Oslo"}"""), (call.FunctionName, call.FunctionArguments.ToString()));
        Assert.Contains("Sunny in Oslo", told.GetOutputText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task CreateResponseStreaming_BreaksInTheMiddle_DoesNotLookComplete(string model)
    {
        (model == "cloud" ? _rig.Cloud : _rig.Local).AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Cut, AfterEvents = model == "cloud" ? 6 : 3 });
        var updates = new List<StreamingResponseUpdate>();
        var options = Options(model, Echo);
        options.StreamingEnabled = true;
        await foreach (var update in await _client.CreateResponseStreamingAsync(options))
            updates.Add(update);

        var failed = Assert.IsType<StreamingResponseFailedUpdate>(updates[^1]);
        Assert.Equal(ResponseStatus.Failed, failed.Response.Status);
        Assert.DoesNotContain(updates, u => u is StreamingResponseCompletedUpdate);
    }

    [Theory]
    [InlineData("cloud", "local")]
    [InlineData("local", "cloud")]
    public async Task StoredResponse_ContinuedOnTheOtherRoute_IsReadListedAndDeleted(string model, string other)
    {
        var first = (await _client.CreateResponseAsync(model, Echo)).Value;
        var second = (await _client.CreateResponseAsync(other, "Reply with exactly: and then", first.Id)).Value;

        var read = (await _client.GetResponseAsync(second.Id)).Value;
        Assert.Equal(("and then", first.Id), (read.GetOutputText(), read.PreviousResponseId));
        var items = await _client.GetResponseInputItemsAsync(first.Id).ToListAsync();
        Assert.Equal(Echo, Assert.IsAssignableFrom<MessageResponseItem>(Assert.Single(items)).Content[0].Text);
        Assert.True((await _client.DeleteResponseAsync(first.Id)).Value.Deleted);
        var gone = await Assert.ThrowsAsync<ClientResultException>(() => _client.GetResponseAsync(first.Id));
        Assert.Equal(404, gone.Status);
    }

    private static CreateResponseOptions Options(string model, string text) =>
        new(model, [ResponseItem.CreateUserMessageItem(text)]) { StoredOutputEnabled = false };
}
