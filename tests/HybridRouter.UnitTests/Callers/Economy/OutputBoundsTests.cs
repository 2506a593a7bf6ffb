using System.Text;
using HybridRouter.Backends;
using HybridRouter.Callers.Economy;
using HybridRouter.Configuration;
using HybridRouter.UnitTests.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Callers.Economy;

public sealed class OutputBoundsTests
{
    private const string Chat = "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]", Responses = "\"input\":\"a\"", Completions = "\"prompt\":\"a\"";

    [Theory]
    [InlineData(WireApi.ChatCompletions, RouteKind.Cloud, Chat, "{\"max_completion_tokens\":300}")]
    [InlineData(WireApi.ChatCompletions, RouteKind.Local, Chat, "{\"max_tokens\":300}")]
    [InlineData(WireApi.ChatCompletions, RouteKind.Local, Chat + ",\"max_tokens\":null", "{\"max_tokens\":300}")]
    [InlineData(WireApi.ChatCompletions, RouteKind.Cloud, Chat + ",\"max_tokens\":5000", "{}")]
    [InlineData(WireApi.ChatCompletions, RouteKind.Local, Chat + ",\"max_completion_tokens\":5000", "{}")]
    [InlineData(WireApi.Responses, RouteKind.Cloud, Responses, "{\"max_output_tokens\":300}")]
    [InlineData(WireApi.Responses, RouteKind.Local, Responses, "{\"max_output_tokens\":300}")]
    [InlineData(WireApi.Responses, RouteKind.Local, Responses + ",\"max_output_tokens\":20", "{}")]
    [InlineData(WireApi.Completions, RouteKind.Local, Completions, "{\"max_tokens\":300}")]
    [InlineData(WireApi.Completions, RouteKind.Cloud, Completions, "{}")]
    [InlineData(WireApi.Completions, RouteKind.Local, Completions + ",\"max_tokens\":5", "{}")]
    [InlineData(WireApi.Embeddings, RouteKind.Local, Responses, "{}")]
    public void MaxOutput_RequestWithoutALimit_GetsOneByTheRightName(WireApi api, RouteKind route, string members, string expected) =>
        Assert.Equal(expected, Members(api, members, new EconomyOptions { DefaultMaxOutputTokens = 300 }, route));

    [Fact]
    public void MaxOutput_OfResponses_IsAtLeastWhatTheApiTakes() =>
        Assert.Equal("{\"max_output_tokens\":16}", Members(WireApi.Responses, Responses, new EconomyOptions { DefaultMaxOutputTokens = 5 }, RouteKind.Cloud));

    [Theory]
    [InlineData(WireApi.ChatCompletions, Chat, "{\"stop\":[\"A\",\"B\"]}")]
    [InlineData(WireApi.ChatCompletions, Chat + ",\"stop\":null", "{\"stop\":[\"A\",\"B\"]}")]
    [InlineData(WireApi.ChatCompletions, Chat + ",\"stop\":\"own\"", "{\"stop\":[\"own\",\"A\",\"B\"]}")]
    [InlineData(WireApi.Completions, Completions + ",\"stop\":[\"1\",\"2\",\"3\"]", "{\"stop\":[\"1\",\"2\",\"3\",\"A\"]}")]
    [InlineData(WireApi.Completions, Completions + ",\"stop\":[\"B\",\"A\"]", "{}")]
    [InlineData(WireApi.Completions, Completions + ",\"stop\":[\"1\",\"2\",\"3\",\"4\"]", "{}")]
    [InlineData(WireApi.Completions, Completions + ",\"stop\":[1]", "{}")]
    [InlineData(WireApi.Completions, Completions + ",\"stop\":{}", "{}")]
    [InlineData(WireApi.Responses, Responses, "{}")]
    [InlineData(WireApi.Embeddings, Responses, "{}")]
    public void Stops_AreAddedBehindTheRequestsOwn(WireApi api, string members, string expected) =>
        Assert.Equal(expected, Members(api, members, new EconomyOptions { StopSequences = ["A", "B"] }, RouteKind.Cloud));

    [Theory]
    [InlineData("Write a Python function that adds two numbers.", true)]
    [InlineData("Please implement the following method in C#: returns the larger of two values", true)]
    [InlineData("give me a small recursive function for Fibonacci", true)]
    [InlineData("Can you write me a function to parse a date?", true)]
    [InlineData("Write a function and tests for it", false)]
    [InlineData("Write a function that adds numbers and explain it", false)]
    [InlineData("Write a function that adds numbers, then one that subtracts them", false)]
    [InlineData("Write functions for addition and subtraction", false)]
    [InlineData("Write a class with a function", false)]
    [InlineData("Write a program. It must have a function", false)]
    [InlineData("Why does this function fail?", false)]
    [InlineData("What is a function?", false)]
    [InlineData("Refactor this function", false)]
    public void StopAfterFunction_ChatThatAsksForOneAndNoMore_Stops(string prompt, bool stops)
    {
        var expected = stops ? "{\"stop\":[\"\\n\\n\\n\"]}" : "{}";
        var economy = new EconomyOptions { StopAfterFunction = true };

        Assert.Equal(expected, Members(WireApi.ChatCompletions, $$"""  "messages":[{"role":"user","content":"{{prompt}}"}]  """, economy, RouteKind.Local));
        Assert.Equal(expected, Members(WireApi.ChatCompletions, $$"""  "messages":[{"role":"user","content":[{"type":"text","text":"{{prompt}}"}]}]  """, economy, RouteKind.Local));
        Assert.Equal("{}", Members(WireApi.ChatCompletions, $$"""  "tools":[{"type":"function","function":{"name":"f"} }],"messages":[{"role":"user","content":"{{prompt}}"}]  """, economy, RouteKind.Local));
        Assert.Equal("{}", Members(WireApi.ChatCompletions, $$"""  "messages":[{"role":"user","content":"{{prompt}}"},{"role":"assistant","content":"def"}]  """, economy, RouteKind.Local));
        Assert.Equal("{}", Members(WireApi.ChatCompletions, $$"""  "messages":[{"role":"user","content":"{{prompt}}{{new string(' ', 500)}}"}]  """, economy, RouteKind.Local));
    }

    [Theory]
    [InlineData("import os\\n\\n\\ndef add(a, b):\\n", "{\"stop\":[\"\\n\\n\\n\",\"\\ndef \",\"\\nclass \"]}")]
    [InlineData("async def add(a, b):\\n    \\\"\\\"\\\"Adds.\\\"\\\"\\\"\\n", "{\"stop\":[\"\\n\\n\\n\",\"\\ndef \",\"\\nclass \"]}")]
    [InlineData("# a file\\n```python\\ndef add(a, b):\\n", "{\"stop\":[\"\\n```\"]}")]
    [InlineData("```python\\ndef add(a, b):\\n    return a + b\\n```\\nThis", "{}")]
    [InlineData("class A:\\n    def add(self):\\n", "{}")]
    [InlineData("def add(a, b):\\n    return a\\nprint(", "{}")]
    [InlineData("int add(int a, int b) {\\n", "{}")]
    public void StopAfterFunction_CompletionsPrompt_StopsWhereWhatWasBegunEnds(string prompt, string expected)
    {
        var economy = new EconomyOptions { StopAfterFunction = true };

        Assert.Equal(expected, Members(WireApi.Completions, $"\"prompt\":\"{prompt}\"", economy, RouteKind.Local).Replace("\\u0060", "`"));
        Assert.Equal("{}", Members(WireApi.Completions, $"\"suffix\":\"x\",\"prompt\":\"{prompt}\"", economy, RouteKind.Local));
    }

    [Theory]
    [InlineData(WireApi.Responses, WireApi.ChatCompletions, Responses, "\"max_tokens\":300")]
    [InlineData(WireApi.ChatCompletions, WireApi.Responses, Chat, "\"max_output_tokens\":300")]
    [InlineData(WireApi.ChatCompletions, WireApi.ChatCompletions, Chat, "\"max_completion_tokens\":300")]
    public async Task Run_Limit_ArrivesInTheWireOfTheModel(WireApi asked, WireApi spoken, string members, string expected)
    {
        var rig = new CallerRig();
        rig.Profile.Economy = new EconomyOptions { DefaultMaxOutputTokens = 300 };
        rig.CloudModel.Fails(FailureKind.ServerError);
        using var request = Reading.Read(asked, $$"""{"model":"big",{{members}}}""");
        await rig.Runner.RunAsync(request, new([new(rig.Target(RouteKind.Cloud, spoken), "planned")]), null, new(rig.Options, rig.Profile), CancellationToken.None);

        Assert.Contains(expected, Encoding.UTF8.GetString(rig.CloudModel.Asked[0].Body.Span));
        Assert.Equal((300, 300L), (rig.CloudModel.Asked[0].Admission!.Estimate.Output, rig.CloudModel.Asked[0].Admission!.Estimate.MaxOutput));
    }

    private static string Members(WireApi api, string members, EconomyOptions economy, RouteKind route)
    {
        using var request = Reading.Read(api, $$"""{"model":"m",{{members}}}""");
        using var empty = JsonBody.Parse("{}"u8.ToArray());
        return Encoding.UTF8.GetString(empty.With([.. OutputBounds.Members(request, economy, route)]).Span);
    }
}
