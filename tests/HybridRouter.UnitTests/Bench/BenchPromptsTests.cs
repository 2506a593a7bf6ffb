using HybridRouter.Bench;
using HybridRouter.Triage.Data;

namespace HybridRouter.UnitTests.Bench;

public sealed class BenchPromptsTests
{
    [Fact]
    public void Read_Rows_WithAndWithoutOutcomes()
    {
        var prompts = Read("""
            {"id":"a","prompt":"one","weak":0,"strong":1,"source":"x"}

            {"prompt":"two","prior":"easy"}
            {"prompt":"three","weak":null,"strong":0.5}
            """);

        Assert.Equal([new("one", 0, 1), new("two"), new("three", null, 0.5)], prompts);
        Assert.Equal([true, false, false], prompts.Select(p => p.Measured));
    }

    [Theory]
    [InlineData("{\"prompt\":", "is not valid JSON")]
    [InlineData("[1]", "is not a JSON object")]
    [InlineData("7", "is not a JSON object")]
    [InlineData("{\"weak\":1}", "has no \"prompt\"")]
    [InlineData("{\"prompt\":\" \"}", "has no \"prompt\"")]
    [InlineData("{\"prompt\":5}", "has no \"prompt\"")]
    [InlineData("{\"prompt\":\"\\ud800\"}", "is not valid text")]
    [InlineData("{\"prompt\":\"x\",\"weak\":\"high\"}", "\"weak\" must be a number from 0 to 1")]
    [InlineData("{\"prompt\":\"x\",\"weak\":1.5}", "\"weak\" must be a number from 0 to 1")]
    [InlineData("{\"prompt\":\"x\",\"weak\":1,\"strong\":-0.1}", "\"strong\" must be a number from 0 to 1")]
    public void Read_MalformedLine_IsNamedWithWhatIsWrong(string line, string what)
    {
        var e = Assert.Throws<DatasetException>(() => Read("{\"prompt\":\"good\"}\n\n" + line));

        Assert.StartsWith("rows.jsonl(3): ", e.Message, StringComparison.Ordinal);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoRows_SaysSo() => Assert.Equal("rows.jsonl: holds no rows", Assert.Throws<DatasetException>(() => Read("\n\n")).Message);

    [Fact]
    public void Default_WithoutTheRepositorysData_AreThePromptsOfTheDemo()
    {
        var prompts = BenchPrompts.Default(Path.Combine(AppContext.BaseDirectory, "no-such-folder"));

        Assert.Equal(HybridRouter.Demo.DemoPrompts.All.Select(p => p.Text), prompts.Select(p => p.Text));
    }

    private static IReadOnlyList<BenchPrompt> Read(string text)
    {
        using var reader = new StringReader(text);
        return BenchPrompts.Read(reader, "rows.jsonl");
    }
}
