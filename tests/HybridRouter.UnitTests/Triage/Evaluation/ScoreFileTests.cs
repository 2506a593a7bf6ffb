using System.Text.Json;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.UnitTests.Triage.Evaluation;

public sealed class ScoreFileTests
{
    private static readonly MlPromptClassifier Video = MlPromptClassifier.Load(ShippedTriage.VideoModelFolder);

    [Fact]
    public async Task RunAsync_CodeAndVideoRows_AreScoredByTheirJudge()
    {
        using var classifier = ShippedTriage.Classifier();
        var input = """
            {"id":"a \"1\"","prompt":"rename foo","extra":true}
            {"id":7,"prompt":"a cat on a sofa","kind":"video"}

            {"id":"c","prompt":"rename foo","kind":"code"}
            """;
        var output = new StringWriter();

        var written = await new ScoreFile(classifier, Video).RunAsync(new StringReader(input), output, "in.jsonl", CancellationToken.None);

        var rows = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(3, written);
        Assert.Equal("a \"1\"", rows[0].GetProperty("id").GetString());
        Assert.Equal(7, rows[1].GetProperty("id").GetInt32());
        Assert.Equal(rows[0].GetProperty("score").GetSingle(), rows[2].GetProperty("score").GetSingle());
        Assert.Equal(Video.Score(TriageInput.FromPrompt("a cat on a sofa")), rows[1].GetProperty("score").GetSingle());
    }

    [Theory]
    [InlineData("""{"id":"a"}""")]
    [InlineData("""{"prompt":"p"}""")]
    [InlineData("[]")]
    [InlineData("nonsense")]
    public async Task RunAsync_FaultyLine_IsNamed(string line)
    {
        using var classifier = ShippedTriage.Classifier();
        var file = new ScoreFile(classifier, Video);

        var fault = await Assert.ThrowsAsync<DatasetException>(() => file.RunAsync(new StringReader(line), new StringWriter(), "in.jsonl", CancellationToken.None));

        Assert.StartsWith("in.jsonl(1): ", fault.Message, StringComparison.Ordinal);
    }
}
