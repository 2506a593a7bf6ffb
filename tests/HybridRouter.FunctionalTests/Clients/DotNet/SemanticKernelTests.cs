using System.ComponentModel;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Connectors.OpenAI;

namespace HybridRouter.FunctionalTests.Clients.DotNet;

/// <summary>Semantic Kernel's OpenAI connector, which calls functions by itself, through a real gateway.</summary>
public sealed class SemanticKernelTests : IClassFixture<ClientRig>
{
    private const string Ask = """Use the tool get_weather for "Oslo".""";

    private readonly ClientRig _rig;
    private readonly List<string> _calls = [];

    public SemanticKernelTests(ClientRig rig)
    {
        _rig = rig;
        rig.Reset();
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    [InlineData(ClientRig.Simple)]
    [InlineData(ClientRig.Complex)]
    public async Task GetChatMessageContent_AutomaticFunctionCalling_RunsTheFunctionAndAnswers(string model)
    {
        var kernel = CreateKernel(model);
        var history = new ChatHistory();
        history.AddUserMessage(Ask);

        var answer = await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(history, Automatic(), kernel);

        Assert.Equal(["Oslo"], _calls);
        Assert.Contains("Sunny in Oslo", answer.Content, StringComparison.Ordinal);
        AssertRoute(model);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task GetStreamingChatMessageContents_AutomaticFunctionCalling_RunsTheFunctionAndAnswers(string model)
    {
        var kernel = CreateKernel(model);
        var history = new ChatHistory();
        history.AddUserMessage(Ask);

        var text = "";
        await foreach (var part in kernel.GetRequiredService<IChatCompletionService>().GetStreamingChatMessageContentsAsync(history, Automatic(), kernel))
            text += part.Content;

        Assert.Equal(["Oslo"], _calls);
        Assert.Contains("Sunny in Oslo", text, StringComparison.Ordinal);
        AssertRoute(model);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task InvokePrompt_WithoutFunctions_Answers(string model)
    {
        var answer = await CreateKernel(model).InvokePromptAsync<string>("Reply with exactly: hybrid answer 42");

        Assert.Equal("hybrid answer 42", answer);
    }

    private static OpenAIPromptExecutionSettings Automatic() => new() { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };

    private Kernel CreateKernel(string model)
    {
        var kernel = Kernel.CreateBuilder().AddOpenAIChatCompletion(model, _rig.BaseUrl, ClientRig.Key).Build();
        kernel.Plugins.AddFromFunctions("weather",
            [KernelFunctionFactory.CreateFromMethod(([Description("Name of the city")] string city) => Weather(city), "get_weather", "Weather of a city.")]);
        return kernel;
    }

    private string Weather(string city)
    {
        _calls.Add(city);
        return $"Sunny in {city}";
    }

    /// <summary>Both requests of the loop on one side.</summary>
    private void AssertRoute(string model) =>
        Assert.Equal(model is "local" or ClientRig.Simple ? (0, 2) : (2, 0), (_rig.CloudRequests.Count, _rig.LocalRequests.Count));
}
