using System.ClientModel;
using HybridRouter.Simulator;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Responses;

#pragma warning disable OPENAI001 // Responses are marked experimental in the official client.

namespace HybridRouter.FunctionalTests.Simulator;

/// <summary>The official OpenAI client for .NET against the simulated cloud.</summary>
public sealed class OpenAiClientTests
{
    [Fact]
    public async Task Chat_CompletesAndCallsATool()
    {
        await using var cloud = await StartAsync();
        var chat = Client(cloud).GetChatClient("gpt-5");

        ChatCompletion answer = await chat.CompleteChatAsync("Reverse a string in Rust");
        ChatCompletion call = await chat.CompleteChatAsync(
            [new UserChatMessage("use a tool")],
            new ChatCompletionOptions
            {
                Tools = { ChatTool.CreateFunctionTool("get_time", "Tells the time", BinaryData.FromString("""{"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]}""")) },
            });

        Assert.Contains("```rust", answer.Content[0].Text);
        Assert.Equal(answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount);
        Assert.Equal(ChatFinishReason.ToolCalls, call.FinishReason);
        Assert.Equal("""{"zone":"example"}""", call.ToolCalls[0].FunctionArguments.ToString());
    }

    [Fact]
    public async Task Chat_StreamsTextFinishAndUsage()
    {
        await using var cloud = await StartAsync();
        var chat = Client(cloud).GetChatClient("gpt-5");
        ChatCompletion whole = await chat.CompleteChatAsync("Reverse a string");

        var updates = await chat.CompleteChatStreamingAsync("Reverse a string").ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(whole.Content[0].Text, string.Concat(updates.SelectMany(u => u.ContentUpdate).Select(p => p.Text)));
        Assert.Contains(updates, u => u.FinishReason == ChatFinishReason.Stop);
        Assert.Equal(whole.Usage.TotalTokenCount, updates.Single(u => u.Usage is not null).Usage.TotalTokenCount);
    }

    [Fact]
    public async Task Responses_CompletesStreamsAndContinues()
    {
        await using var cloud = await StartAsync();
        var responses = Client(cloud).GetResponsesClient();

        ResponseResult first = await responses.CreateResponseAsync("gpt-5", "Reverse a string");
        ResponseResult second = await responses.CreateResponseAsync("gpt-5", "And now?", first.Id);
        var updates = await (await responses.CreateResponseStreamingAsync("gpt-5", "Reverse a string")).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ResponseStatus.Completed, first.Status);
        Assert.Equal(first.Id, second.PreviousResponseId);
        Assert.Equal(first.GetOutputText(), string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(u => u.Delta)));
        Assert.Equal(first.Usage.TotalTokenCount, updates.OfType<StreamingResponseCompletedUpdate>().Single().Response.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task Embeddings_DecodesTheVector()
    {
        await using var cloud = await StartAsync();
        var embeddings = Client(cloud).GetEmbeddingClient("text-embedding-3-small");

        var vector = (await embeddings.GenerateEmbeddingAsync("read a file")).Value.ToFloats();

        Assert.Equal(1536, vector.Length);
        Assert.Equal(1, vector.ToArray().Sum(v => v * v), 0.001);
    }

    [Fact]
    public async Task Models_AreListed()
    {
        await using var cloud = await StartAsync();

        var models = (await Client(cloud).GetOpenAIModelClient().GetModelsAsync(TestContext.Current.CancellationToken)).Value;

        Assert.Contains(models, m => m.Id == "gpt-5");
    }

    [Fact]
    public async Task RateLimit_ClientWaitsAsToldAndThenGetsItsAnswer()
    {
        await using var cloud = await StartAsync(o => o.Limits = new() { RequestsPerMinute = 12, BurstSeconds = 1 });
        var chat = Client(cloud).GetChatClient("gpt-5");

        await chat.CompleteChatAsync("one");
        await chat.CompleteChatAsync("two");

        var account = cloud.State.Accounts[0];
        Assert.Equal(2, account.Accepted);
        // Told to wait 5 s, it is refused once, or twice when its timer fires a millisecond early. By its own backoff,
        // 0.8 s and doubling, it would be refused three times.
        Assert.InRange(account.Refused.Requests, 1, 2);
    }

    private static Task<SimulatedCloud> StartAsync(Action<SimulatedCloudOptions>? configure = null)
    {
        var options = new SimulatedCloudOptions { FirstTokenMilliseconds = 0, TokensPerSecond = 0 };
        configure?.Invoke(options);
        return SimulatedCloud.StartAsync(options, cancellationToken: TestContext.Current.CancellationToken);
    }

    private static OpenAIClient Client(SimulatedCloud cloud) =>
        new(new ApiKeyCredential("sk-test"), new OpenAIClientOptions { Endpoint = cloud.OpenAiUri });
}
