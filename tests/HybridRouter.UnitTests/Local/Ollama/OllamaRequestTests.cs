using System.Text.Json;
using HybridRouter.Configuration;
using HybridRouter.Local.Ollama;

namespace HybridRouter.UnitTests.Local.Ollama;

/// <summary>Members of a wrong type: those that the intake does not look at must not become an internal error here.</summary>
public sealed class OllamaRequestTests
{
    private static readonly LocalModelOptions Model = new() { Name = "m" };

    [Theory]
    [InlineData("""{"tool_calls":[{"function":"x"}]}""", "{}")]
    [InlineData("""{"tool_calls":[{"function":null},[],5]}""", "{}")]
    [InlineData("""{"tool_calls":[{"function":{"name":5,"arguments":[]}}]}""", "{}")]
    [InlineData("""{"content":[{"type":"text","text":5},[],null]}""", "{}")]
    [InlineData("{}", """{"tool_choice":{"function":"x"},"tools":[{"function":"f"},5,[]]}""")]
    [InlineData("{}", """{"frequency_penalty":1e400,"presence_penalty":-1e400,"seed":1e99,"max_tokens":null,"stop":[null,5,{}]}""")]
    [InlineData("{}", """{"response_format":{"type":"json_schema","json_schema":5}}""")]
    public void From_MembersOfAWrongType_AreLeftOut(string message, string others)
    {
        using var body = JsonDocument.Parse($$"""{"messages":[{"role":"user",{{message[1..^1]}}}],{{others[1..^1]}}}""".Replace(",}", "}", StringComparison.Ordinal));

        var request = OllamaChatRequest.From(body.RootElement, "m", Model, "5m", stream: false);

        Assert.Null(Assert.Single(request.Messages!).ToolCalls);
        Assert.Null(request.Options!.FrequencyPenalty);
        Assert.StartsWith("{", JsonSerializer.Serialize(request), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null", null)]
    [InlineData("\"x\"", null)]
    [InlineData("1.5", null)]
    [InlineData("64", 64)]
    public void Request_EmbeddingDimensions_AreTakenWhenTheyAreANumber(string dimensions, int? expected)
    {
        using var body = JsonDocument.Parse($$"""{"input":"hi","dimensions":{{dimensions}}}""");

        Assert.Equal(expected, OllamaEmbeddings.Request(body.RootElement, "m", "5m").Dimensions);
    }
}
