using HybridRouter.FunctionalTests.Clients.Codex;
using HybridRouter.FunctionalTests.Clients.Node;
using HybridRouter.Models.Tiny;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Connectors.OpenAI;

namespace HybridRouter.FunctionalTests.Clients.Gguf;

/// <summary>Real clients, a real gateway, real llama.cpp with a real GGUF: nothing between prompt and answer is simulated.</summary>
public sealed class GgufClientTests : IClassFixture<GgufRig>
{
    private const string Ask = "Look around, please. " + TinyScript.ToolTrigger;

    private static readonly string Answer = string.Concat(TinyScript.Answer), AfterTool = string.Concat(TinyScript.AfterTool);

    private readonly GgufRig _rig;

    public GgufClientTests(GgufRig rig)
    {
        _rig = rig;
        rig.Reset();
    }

    [Fact]
    public async Task Codex_PlainTurn_IsAnsweredByTheModel()
    {
        var turn = await (await CodexCli.InstallAsync(_rig)).ExecAsync("local", "Hello");

        Assert.True(turn.ExitCode == 0, turn.Log);
        Assert.Equal(Answer, turn.LastMessage);
        Assert.True((int)turn.Usage["input_tokens"]! > 1000 && (int)turn.Usage["output_tokens"]! > 10, turn.Usage.ToJsonString());
        Assert.Empty(_rig.CloudRequests);
    }

    [Fact]
    public async Task Codex_ToolTurn_RunsTheCommandThatTheModelAskedFor()
    {
        var turn = await (await CodexCli.InstallAsync(_rig)).ExecAsync("local", Ask);

        Assert.True(turn.ExitCode == 0, turn.Log);
        var command = Assert.Single(turn.Completed("command_execution"));
        Assert.Equal((0, "hybridrouter"), ((int)command["exit_code"]!, ((string)command["aggregated_output"]!).Trim()));
        Assert.Equal(AfterTool, turn.LastMessage);
        Assert.Empty(_rig.CloudRequests);
    }

    [Theory]
    [InlineData("chat", "content")]
    [InlineData("chatStream", "text")]
    [InlineData("response", "text")]
    [InlineData("responseStream", "text")]
    public async Task OpenAiNpm_Plain_IsAnsweredByTheModel(string check, string member)
    {
        var seen = await NodeScript.RunAsync(_rig, "openai.mjs", check, "local", "Hello");

        Assert.Equal(Answer, (string?)seen[member]);
        Assert.Empty(_rig.CloudRequests);
    }

    [Theory]
    [InlineData("tools")]
    [InlineData("toolsStream")]
    [InlineData("responseTools")]
    public async Task OpenAiNpm_Tools_RoundTripTheCall(string check)
    {
        var seen = await NodeScript.RunAsync(_rig, "openai.mjs", check, "local", Ask);

        Assert.Equal(AfterTool, (string?)seen["final"]);
        Assert.Contains(TinyScript.StringValue, (seen["calls"]?[0] ?? seen["arguments"])!.ToString(), StringComparison.Ordinal);
        Assert.Empty(_rig.CloudRequests);
    }

    [Fact]
    public async Task OpenAiNpm_AbortOfAnEndlessAnswer_GivesTheSlotBack()
    {
        var left = await NodeScript.RunAsync(_rig, "openai.mjs", "abort", "local", TinyScript.EndlessTrigger);
        var next = await NodeScript.RunAsync(_rig, "openai.mjs", "chat", "local", "Hello");

        Assert.Equal("chat.completion.chunk", (string?)left["first"]);
        Assert.Equal(Answer, (string?)next["content"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SemanticKernel_AutomaticFunctionCalling_RunsTheFunctionAndAnswers(bool streamed)
    {
        var calls = new List<string>();
        var kernel = Kernel.CreateBuilder().AddOpenAIChatCompletion("local", _rig.BaseUrl, ClientRig.Key).Build();
        kernel.Plugins.AddFromFunctions("shell", [KernelFunctionFactory.CreateFromMethod((string command) => Run(command), "run", "Runs a command.")]);
        var chat = kernel.GetRequiredService<IChatCompletionService>();
        var settings = new OpenAIPromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };
        var history = new ChatHistory();
        history.AddUserMessage(Ask);

        var text = "";
        if (streamed)
        {
            await foreach (var part in chat.GetStreamingChatMessageContentsAsync(history, settings, kernel))
                text += part.Content;
        }
        else
        {
            text = (await chat.GetChatMessageContentAsync(history, settings, kernel)).Content;
        }

        Assert.Equal([TinyScript.StringValue], calls);
        Assert.Equal(AfterTool, text);

        string Run(string command)
        {
            calls.Add(command);
            return "done";
        }
    }
}
