using System.ClientModel;
using System.Diagnostics;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Simulator;
using OpenAI;
using OpenAI.Chat;

namespace HybridRouter.FunctionalTests.Clients.DotNet;

/// <summary>The official OpenAI client of .NET through a real gateway: chat, embeddings, models, limits.</summary>
public sealed class OpenAiDotNetTests : IClassFixture<ClientRig>
{
    private const string Echo = "Reply with exactly: hybrid answer 42";

    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool("get_weather", "Weather of a city.", BinaryData.FromString(
        """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""));

    private readonly ClientRig _rig;
    private readonly OpenAIClient _client;

    public OpenAiDotNetTests(ClientRig rig)
    {
        _rig = rig;
        rig.Reset();
        _client = new OpenAIClient(new ApiKeyCredential(ClientRig.Key), new OpenAIClientOptions { Endpoint = rig.BaseUrl });
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task CompleteChat_EachRoute_AnswersWithUsageAndRoute(string model)
    {
        var result = await _client.GetChatClient(model).CompleteChatAsync(Echo);

        Assert.Equal("hybrid answer 42", result.Value.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, result.Value.FinishReason);
        Assert.True(result.Value.Usage.TotalTokenCount > 0);
        Assert.True(result.GetRawResponse().Headers.TryGetValue("x-hybridrouter-route", out var route));
        Assert.Equal(model, route);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task CompleteChatStreaming_EachRoute_GivesTextAndUsage(string model)
    {
        var (text, finish, usage) = ("", (ChatFinishReason?)null, (ChatTokenUsage?)null);
        await foreach (var update in _client.GetChatClient(model).CompleteChatStreamingAsync(Echo))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            finish ??= update.FinishReason;
            usage ??= update.Usage;
        }

        Assert.Equal("hybrid answer 42", text);
        Assert.Equal(ChatFinishReason.Stop, finish);
        Assert.True(usage?.OutputTokenCount > 0);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task CompleteChat_WithATool_RoundTripsTheCall(string model)
    {
        var chat = _client.GetChatClient(model);
        var messages = new List<ChatMessage> { new UserChatMessage("""Use the tool get_weather for "Oslo".""") };
        var options = new ChatCompletionOptions { Tools = { Weather } };

        var asked = (await chat.CompleteChatAsync(messages, options)).Value;
        var call = Assert.Single(asked.ToolCalls);
        messages.Add(new AssistantChatMessage(asked));
        messages.Add(new ToolChatMessage(call.Id, "Sunny in Oslo"));
        var told = (await chat.CompleteChatAsync(messages, options)).Value;

        Assert.Equal(ChatFinishReason.ToolCalls, asked.FinishReason);
        Assert.Equal(("get_weather", """{"city":"Oslo"}"""), (call.FunctionName, call.FunctionArguments.ToString()));
        Assert.Contains("Sunny in Oslo", told.Content[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task CompleteChatStreaming_WithATool_GivesTheCallInFragments(string model)
    {
        var (id, name, arguments) = ("", "", "");
        var request = _client.GetChatClient(model).CompleteChatStreamingAsync(
            [new UserChatMessage("""Use the tool get_weather for "Oslo".""")], new ChatCompletionOptions { Tools = { Weather } });
        await foreach (var update in request)
        {
            foreach (var fragment in update.ToolCallUpdates)
            {
                id += fragment.ToolCallId;
                name += fragment.FunctionName;
                arguments += fragment.FunctionArgumentsUpdate?.ToString();
            }
        }

        Assert.NotEqual("", id);
        Assert.Equal(("get_weather", """{"city":"Oslo"}"""), (name, arguments));
    }

    [Fact]
    public async Task GenerateEmbeddings_Base64ByDefault_AreDecoded()
    {
        var result = await _client.GetEmbeddingClient(ClientRig.Embeddings).GenerateEmbeddingsAsync(["one text", "another text"]);

        Assert.Equal([1536, 1536], result.Value.Select(e => e.ToFloats().Length));
        Assert.Equal(1, result.Value[0].ToFloats().ToArray().Sum(x => (double)x * x), 1e-3);
        Assert.NotEqual(result.Value[0].ToFloats().ToArray(), result.Value[1].ToFloats().ToArray());
    }

    [Fact]
    public async Task GetModels_NamesRoutesAndModels()
    {
        var models = (await _client.GetOpenAIModelClient().GetModelsAsync()).Value.Select(m => m.Id).ToHashSet();

        Assert.Superset(new HashSet<string> { "auto", "local", "cloud", ClientRig.Main, ClientRig.LocalModel }, models);
    }

    /// <summary>This client retries without any wait unless it is told one; so the gateway always tells one.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(null)]
    public async Task CompleteChat_RateLimited_WaitsAsToldAndCompletes(int? retryAfterSeconds)
    {
        _rig.Cloud.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Status, Status = 429, RetryAfterSeconds = retryAfterSeconds, Times = 1 });
        var watch = Stopwatch.StartNew();

        var result = await _client.GetChatClient(ClientRig.Strict).CompleteChatAsync(Echo);

        Assert.Equal("hybrid answer 42", result.Value.Content[0].Text);
        Assert.True(watch.Elapsed >= TimeSpan.FromSeconds(retryAfterSeconds ?? 1), $"It came back after {watch.Elapsed.TotalMilliseconds:0} ms.");
        Assert.Equal([429, 200], _rig.CloudRequests.Select(r => r.Status));
    }

    [Fact]
    public async Task CompleteChat_UnknownModel_IsNotFoundWithTheGatewaysMessage()
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(() => _client.GetChatClient("no-such-model").CompleteChatAsync(Echo));

        Assert.Equal(404, error.Status);
        Assert.Contains("no-such-model", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task CompleteChatStreaming_LeftInTheMiddle_CancelsUpstream(string model)
    {
        var service = model == "cloud" ? _rig.Cloud : _rig.Local;
        service.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Stall, DelaySeconds = 600, AfterEvents = 3 });
        using var leaving = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in _client.GetChatClient(model).CompleteChatStreamingAsync([new UserChatMessage(Echo)], null, leaving.Token))
                await leaving.CancelAsync();
        });

        await Eventually.TrueAsync(() => ClientRig.Posts(service) is [{ CancelledByClient: true }], "the upstream saw its client leave");
    }
}
