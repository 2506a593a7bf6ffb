using HybridRouter.Backends;
using HybridRouter.Routing;
using HybridRouter.UnitTests.Flow;
using HybridRouter.UnitTests.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Routing;

public sealed class CapabilityTests
{
    [Theory]
    [InlineData(WireApi.ChatCompletions, WireApi.ChatCompletions, true)]
    [InlineData(WireApi.ChatCompletions, WireApi.Responses, true)]
    [InlineData(WireApi.Responses, WireApi.ChatCompletions, true)]
    [InlineData(WireApi.ChatCompletions, WireApi.Completions, false)]
    [InlineData(WireApi.ChatCompletions, WireApi.Embeddings, false)]
    [InlineData(WireApi.Embeddings, WireApi.ChatCompletions, false)]
    [InlineData(WireApi.Responses, WireApi.Completions, false)]
    [InlineData(WireApi.ChatCompletions | WireApi.Completions, WireApi.Completions, true)]
    public void Speaks_Operation_DirectlyOrTranslated(WireApi spoken, WireApi asked, bool expected) =>
        Assert.Equal(expected, Capability.Speaks(new ServedModel("m", "m") { Apis = spoken }, asked));

    [Theory]
    [InlineData("", ModelAbilities.Text, null)]
    [InlineData(",\"n\":2", ModelAbilities.Text, "several choices (n)")]
    [InlineData(",\"n\":2", ModelAbilities.MultipleChoices, null)]
    [InlineData(",\"logprobs\":true", ModelAbilities.Tools, "logprobs")]
    [InlineData(",\"n\":2,\"logprobs\":true,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", ModelAbilities.Text, "tools, several choices (n), logprobs")]
    [InlineData(",\"response_format\":{\"type\":\"json_object\"}", ModelAbilities.Text, "structured output")]
    [InlineData(",\"audio\":{}", ModelAbilities.Text, "audio")]
    [InlineData(",\"web_search_options\":{}", ModelAbilities.All, "web search")]
    public void Missing_LocalModel_SaysWhat(string option, ModelAbilities abilities, string? missing)
    {
        using var request = Reading.Chat($$"""{"model":"auto","messages":[{"role":"user","content":"a"}]{{option}}}""");

        Assert.Equal(missing, Capability.Missing(request, Target(RouteKind.Local, abilities)));
    }

    [Fact]
    public void Missing_CloudOnlyRequest_CloudServesIt()
    {
        using var request = Reading.Responses("""{"model":"auto","input":"a","conversation":"c"}""");

        Assert.Null(Capability.Missing(request, Target(RouteKind.Cloud, ModelAbilities.All)));
        Assert.Equal("a stored conversation", Capability.Missing(request, Target(RouteKind.Local, ModelAbilities.All)));
    }

    [Fact]
    public void Missing_OperationNotSpoken_NamesItsPath()
    {
        using var request = Reading.Embeddings("""{"model":"auto","input":"a"}""");

        Assert.Equal("/v1/embeddings", Capability.Missing(request, Target(RouteKind.Local, ModelAbilities.All)));
    }

    [Theory]
    [InlineData(0, 100_000, 0, null)] // not checked
    [InlineData(1000, 1900, 50, null)] // 950 + 50
    [InlineData(1000, 1902, 50, "a context of about 1001 tokens (it has 1000)")]
    [InlineData(1000, 1500, 0, null)] // 750 + a quarter of the context
    [InlineData(1000, 1502, 0, "a context of about 1001 tokens (it has 1000)")]
    [InlineData(100_000, 198_976, 0, null)] // 99,488 + 512
    [InlineData(100_000, 198_978, 0, "a context of about 100001 tokens (it has 100000)")]
    public void Missing_LongPrompt_CountsTheOutputToo(int context, int chars, int maxTokens, string? missing)
    {
        var limit = maxTokens > 0 ? $",\"max_tokens\":{maxTokens}" : "";
        using var request = Reading.Chat($$"""{"model":"auto","messages":[{"role":"user","content":"{{new string('a', chars)}}"}]{{limit}}}""");

        Assert.Equal(missing, Capability.Missing(request, Target(RouteKind.Local, ModelAbilities.Text, context)));
    }

    private static RouteTarget Target(RouteKind route, ModelAbilities abilities, int context = 0) =>
        new(new ScriptedBackend("b", route), new ServedModel("m", "m") { Abilities = abilities, ContextTokens = context, CharsPerToken = 2 });
}
