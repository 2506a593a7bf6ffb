using System.Text;
using System.Text.Json;
using HybridRouter.Simulator.Answers;

namespace HybridRouter.UnitTests.Simulator;

public sealed class AnswerTests
{
    [Theory]
    [InlineData("")]
    [InlineData("plain words and a_very_long_identifier(x)")]
    [InlineData("emoji 😀😀😀😀😀😀😀😀 and more 日本語のテキスト")]
    public void Split_AnyText_IsTheTextAgainAndEachPieceIsValid(string text)
    {
        var pieces = TokenCount.Split(text);

        Assert.Equal(text, string.Concat(pieces));
        Assert.All(pieces, p => Assert.Equal(p, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(p))));
    }

    [Fact]
    public void Compose_ReplyWithExactly_Echoes()
    {
        var answer = Compose("Please reply with exactly: it works\nThanks");

        Assert.Equal("it works", answer.Text);
    }

    [Fact]
    public void Compose_Stop_CutsBeforeIt()
    {
        var answer = new AnswerComposer(null).Compose(new Conversation { UserText = "Sort in Python", Stop = ["def "] }, 0, null, false);

        Assert.EndsWith("```python\n", answer.Text);
    }

    [Fact]
    public void Compose_OtherChoice_IsAnotherText() =>
        Assert.NotEqual(Compose("Sort").Text, new AnswerComposer(null).Compose(new Conversation { UserText = "Sort" }, 1, null, false).Text);

    [Theory]
    [InlineData("none", "use a tool", null)]
    [InlineData("auto", "just talk", null)]
    [InlineData("auto", "now Run The Command", "run_shell")]
    [InlineData("auto", "use the tool lookup please", "lookup")]
    [InlineData("required", "just talk", "run_shell")]
    [InlineData("lookup", "just talk", "lookup")]
    public void Compose_ToolChoiceAndText_DecideTheCall(string choice, string text, string? expected)
    {
        var conversation = new Conversation { UserText = text, ToolChoice = choice, Tools = [new("lookup", default), new("run_shell", default)] };

        var answer = new AnswerComposer(null).Compose(conversation, 0, null, false);

        Assert.Equal(expected, answer.Call?.Name);
        Assert.Equal(expected is null ? "stop" : "tool_calls", answer.Finish);
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","minimum":3},"b":{"type":"string"}},"required":["a"]}""", """{"a":3}""")]
    [InlineData("""{"type":["null","string"],"minLength":9}""", "\"examplexx\"")]
    [InlineData("""{"type":"array","items":{"type":"boolean"},"minItems":3}""", "[true,true,true]")]
    [InlineData("""{"type":"object","properties":{"command":{"type":"array","items":{"type":"string"}}},"required":["command"]}""", """{"command":["echo","simulated"]}""")]
    [InlineData("""{"const":{"x":1}}""", """{"x":1}""")]
    [InlineData("""{"type":"number","exclusiveMaximum":0.5}""", "-0.5")]
    [InlineData("""{"$ref":"#/$defs/a~1b","$defs":{"a/b":{"type":"string","format":"date"}}}""", "\"2026-01-15\"")]
    [InlineData("""{"$ref":"#/$defs/missing"}""", "null")]
    [InlineData("""{"$ref":"#"}""", "\"example\"")]
    [InlineData("""true""", "null")]
    public void Sample_SimpleSchema_Fits(string schema, string expected) =>
        Assert.Equal(expected, SchemaSample.Text(JsonDocument.Parse(schema).RootElement, "prompt"));

    [Fact]
    public void Sample_EndlessSchema_Ends()
    {
        var schema = JsonDocument.Parse("""{"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"]}""").RootElement;

        var json = SchemaSample.Text(schema, "prompt");

        Assert.InRange(json.Length, 10, 1000);
        JsonDocument.Parse(json).Dispose();
    }

    [Fact]
    public void CachedTokens_LongPromptAgain_CountsItsFirstPart()
    {
        var cache = new PromptCache();
        var body = JsonDocument.Parse($$"""{"input":"{{new string('x', 8000)}}"}""").RootElement;

        Assert.Equal(0, cache.CachedTokens("k", body, "input", 2000));
        Assert.Equal(1024, cache.CachedTokens("k", body, "input", 2000));
        Assert.Equal(0, cache.CachedTokens("other", body, "input", 2000));
    }

    private static Answer Compose(string text) => new AnswerComposer(null).Compose(new Conversation { UserText = text }, 0, null, false);
}
