using System.Text.Json;
using HybridRouter.Labelling;

namespace HybridRouter.UnitTests.Labelling;

public sealed class GradeReaderTests
{
    private const string Good = """{"why":"one filter","kind":"stub","difficulty":0.05,"strongDifficulty":0.02,"label":"low"}""";

    [Theory]
    [InlineData(Good)]
    [InlineData(" \n" + Good + "\n ")]
    [InlineData("```json\n" + Good + "\n```")]
    [InlineData("```\n" + Good + "```")]
    public void Read_Grade_IsRead(string reply)
    {
        var grade = GradeReader.Read(reply, out var problem);

        Assert.Null(problem);
        Assert.Equal(new Grade(0.05, 0.02, "stub", "one filter"), grade);
        Assert.Equal("low", grade!.Label);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("low", "not valid JSON")]
    [InlineData("low " + Good, "not valid JSON")]
    [InlineData(Good + Good, "not valid JSON")]
    [InlineData("\"low\"", "not a JSON object")]
    [InlineData("[" + Good + "]", "not a JSON object")]
    [InlineData("{}", "\"why\" is missing")]
    [InlineData("""{"why":"","kind":"stub","difficulty":0.05,"label":"low"}""", "\"strongDifficulty\" is missing")]
    [InlineData("""{"why":"","kind":"stub","difficulty":0.05,"strongDifficulty":0.02,"label":"low","note":1}""", "other members")]
    [InlineData("""{"why":"","kind":"stub","difficulty":0.05,"strongDifficulty":0.02,"label":"low","label":"low"}""", "other members")]
    [InlineData("""{"why":"","kind":"stub","difficulty":"0.05","strongDifficulty":0.02,"label":"low"}""", "\"difficulty\" is not a number")]
    [InlineData("""{"why":"","kind":"stub","difficulty":0.05,"strongDifficulty":1.02,"label":"low"}""", "\"strongDifficulty\" is not a number from 0 to 1")]
    [InlineData("""{"why":"","kind":"stub","difficulty":0.05,"strongDifficulty":0.02,"label":"easy"}""", "neither low nor high")]
    [InlineData("""{"why":"","kind":"stub","difficulty":0.05,"strongDifficulty":0.02,"label":"high"}""", "contradict")]
    [InlineData("""{"why":"","kind":"stub","difficulty":0.5,"strongDifficulty":0.02,"label":"low"}""", "contradict")]
    [InlineData("""{"why":"","kind":"easy","difficulty":0.05,"strongDifficulty":0.02,"label":"low"}""", "\"kind\" is none")]
    [InlineData("""{"why":7,"kind":"stub","difficulty":0.05,"strongDifficulty":0.02,"label":"low"}""", "\"why\" is not a text")]
    public void Read_AnythingElse_IsNoGrade(string reply, string expected)
    {
        Assert.Null(GradeReader.Read(reply, out var problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LongReason_IsCutToTwelveWords()
    {
        var grade = GradeReader.Read(Good.Replace("one filter", "a b c d\\n e f g  h i j k l m n", StringComparison.Ordinal), out _);

        Assert.Equal("a b c d e f g h i j k l", grade!.Why);
    }

    [Fact]
    public void Schema_Members_AreThoseThatAreRead()
    {
        var schema = JsonDocument.Parse(GradeReader.Schema).RootElement;
        var members = JsonDocument.Parse(Good).RootElement.EnumerateObject().Select(m => m.Name);

        Assert.Equal(members, schema.GetProperty("properties").EnumerateObject().Select(m => m.Name));
        Assert.Equal(members, schema.GetProperty("required").EnumerateArray().Select(m => m.GetString()!));
        Assert.Equal(GradeReader.Kinds, schema.GetProperty("properties").GetProperty("kind").GetProperty("enum").EnumerateArray().Select(k => k.GetString()!));
    }
}
