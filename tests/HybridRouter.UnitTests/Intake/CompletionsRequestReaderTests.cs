using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Intake;

public sealed class CompletionsRequestReaderTests
{
    [Theory]
    [InlineData("""{"model":"auto"}""", "prompt")]
    [InlineData("""{"model":"auto","prompt":7}""", "prompt")]
    [InlineData("""{"model":"auto","prompt":[]}""", "prompt")]
    [InlineData("""{"model":"auto","prompt":[{}]}""", "prompt")]
    [InlineData("""{"model":"auto","prompt":"a","suffix":7}""", "suffix")]
    [InlineData("""{"model":"auto","prompt":"a","echo":"yes"}""", "echo")]
    [InlineData("""{"model":"auto","prompt":"a","n":"x"}""", "n")]
    [InlineData("""{"model":"auto","prompt":"a","best_of":true}""", "best_of")]
    [InlineData("""{"model":"auto","prompt":"a","max_tokens":-3}""", "max_tokens")]
    public void Read_WrongMember_IsNamed(string json, string param) => Reading.AssertRefused(WireApi.Completions, json, param);

    [Theory]
    [InlineData("", ModelAbilities.Text, null)]
    [InlineData(",\"suffix\":\"}\"", ModelAbilities.Infill, null)]
    [InlineData(",\"n\":3", ModelAbilities.MultipleChoices, null)]
    [InlineData(",\"best_of\":3", ModelAbilities.MultipleChoices, null)]
    [InlineData(",\"logprobs\":2", ModelAbilities.LogProbs, null)]
    [InlineData(",\"echo\":true", ModelAbilities.Text, "'echo'")]
    public void Read_Option_NeedsAbility(string option, ModelAbilities ability, string? cloudOnly)
    {
        using var request = Reading.Completions($$"""{"model":"auto","prompt":"int f("{{option}}}""");

        Assert.Equal((ability, cloudOnly), (request.Needs.Abilities, request.Needs.CloudOnly));
        Assert.Equal(("int f(", 16), (request.Triage.Head, request.Needs.MaxOutputTokens));
    }

    [Theory]
    [InlineData("[1,2,3]", "a prompt of token ids")]
    [InlineData("[[1,2],[3]]", "a prompt of token ids")]
    [InlineData("[\"a\",\"b\"]", "several prompts in one request")]
    [InlineData("[\"a\"]", null)]
    public void Read_PromptList_MayBeForTheCloud(string prompt, string? cloudOnly)
    {
        using var request = Reading.Completions($$"""{"model":"auto","prompt":{{prompt}}}""");

        Assert.Equal(cloudOnly, request.Needs.CloudOnly);
    }

    [Theory]
    [InlineData("""{"model":"auto"}""", "input")]
    [InlineData("""{"model":"auto","input":""}""", "input")]
    [InlineData("""{"model":"auto","input":[]}""", "input")]
    [InlineData("""{"model":"auto","input":{}}""", "input")]
    [InlineData("""{"model":"auto","input":[null]}""", "input")]
    [InlineData("""{"model":"auto","input":["a",1]}""", "input")]
    [InlineData("""{"model":"auto","input":"a","encoding_format":"hex"}""", "encoding_format")]
    public void ReadEmbeddings_WrongMember_IsNamed(string json, string param) => Reading.AssertRefused(WireApi.Embeddings, json, param);

    [Fact]
    public void ReadEmbeddings_TooManyInputs_IsRefused() =>
        Reading.AssertRefused(WireApi.Embeddings, $$"""{"model":"auto","input":[{{string.Join(',', Enumerable.Repeat("\"a\"", 2049))}}]}""", "input");

    [Theory]
    [InlineData("\"a\"")]
    [InlineData("[\"a\",\"b\"]")]
    [InlineData("[[1,2],[3]]")]
    public void ReadEmbeddings_Input_IsAcceptedAndNeverStreams(string input)
    {
        using var request = Reading.Embeddings($$"""{"model":"auto","stream":true,"input":{{input}}}""");

        Assert.False(request.Stream);
    }

    [Fact]
    public void ReadEmbeddings_ManyTokenIds_AreOneInput()
    {
        using var request = Reading.Embeddings($$"""{"model":"auto","input":[{{string.Join(',', Enumerable.Repeat("7", 3000))}}]}""");

        Assert.Equal(6001, request.Needs.PromptChars);
    }
}
