using HybridRouter.Triage.Data;

namespace HybridRouter.UnitTests.Triage.Data;

public sealed class DatasetReaderTests
{
    [Fact]
    public void Read_LabelledRow_HasEveryField()
    {
        var row = Assert.Single(Read("""{"id":"a","prompt":"p","label":"high","difficulty":0.7,"kind":"debug","lang":"go","human":"de","contextTokens":9,"turns":2,"tools":3,"why":"x","new":{"a":[1]}}"""));

        Assert.Equal(new DatasetRow(1, "a", "p", true, 0.7) { Kind = "debug", Language = "go", Human = "de", Group = "debug", ContextTokens = 9, Turns = 2, Tools = 3 }, row);
        Assert.Equal((9, 2, 3), (row.ToInput().ContextTokens, row.ToInput().EarlierTurns, row.ToInput().Tools));
    }

    [Fact]
    public void Read_MeasuredRow_NeedsNoLabel()
    {
        var row = Assert.Single(Read("""{"prompt":"p","weak":0.25,"strong":1,"source":"s","difficulty":"medium"}"""));

        Assert.Equal((null, 0.25, 1.0, "s", "line-1"), (row.Label, row.Weak, row.Strong, row.Group, row.Id));
    }

    [Fact]
    public void Read_BlankLines_ArePassedOverAndCounted()
    {
        Assert.Equal(3, Read("\n  \n" + """{"prompt":"p","label":"low"}""" + "\n\n")[0].Line);
    }

    [Theory]
    [InlineData("{", "is not valid JSON")]
    [InlineData("[1]", "is not a JSON object")]
    [InlineData("""{"label":"low"}""", "has no \"prompt\"")]
    [InlineData("""{"prompt":7,"label":"low"}""", "has no \"prompt\"")]
    [InlineData("""{"prompt":"  ","label":"low"}""", "has no \"prompt\"")]
    [InlineData("""{"prompt":"p"}""", "needs \"label\"")]
    [InlineData("""{"prompt":"p","label":"hard"}""", "must be \"low\" or \"high\"")]
    [InlineData("""{"prompt":"p","label":"low","difficulty":2}""", "\"difficulty\" must be a number from 0 to 1")]
    [InlineData("""{"prompt":"p","weak":"x","strong":1}""", "\"weak\" must be a number")]
    [InlineData("""{"prompt":"p","label":"low","turns":-1}""", "\"turns\" must be a number")]
    public void Read_FaultyLine_IsNamedWithFileAndLine(string line, string fault)
    {
        var message = Assert.Throws<DatasetException>(() => Read("""{"prompt":"fine","label":"low"}""" + "\n" + line)).Message;

        Assert.StartsWith("data.jsonl(2): ", message, StringComparison.Ordinal);
        Assert.Contains(fault, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SameIdTwice_IsRefused()
    {
        Assert.Throws<DatasetException>(() => Read("""{"id":"a","prompt":"p","label":"low"}""" + "\n" + """{"id":"a","prompt":"q","label":"low"}"""));
    }

    [Fact]
    public void Read_NothingInFile_IsRefused()
    {
        Assert.Throws<DatasetException>(() => Read("\n"));
        Assert.Contains("no such file", Assert.Throws<DatasetException>(() => DatasetReader.Read("absent.jsonl")).Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<DatasetRow> Read(string text) => DatasetReader.Read(new StringReader(text), "data.jsonl");
}
