using System.Text;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Wire;

public class StreamTextTests
{
    [Theory]
    [InlineData(new[] { "\"a\\ud83d\"", "\"\\ude00b\"" }, "a😀b")]
    [InlineData(new[] { "\"\\ud83d\"", "\"\"", "\"\\ude00\"" }, "😀")]
    [InlineData(new[] { "\"\\ud83d\"", "\"x\"" }, "\uFFFDx")]
    [InlineData(new[] { "\"\\ude00x\"" }, "\uFFFDx")]
    [InlineData(new[] { "\"x\\ud83d\"" }, "x\uFFFD")]
    [InlineData(new[] { "\"\\n\\t\\\"\\\\\\/\\u00e9é\"" }, "\n\t\"\\/éé")]
    public void Push_PiecesOfText_JoinToWholeCharacters(string[] pieces, string expected)
    {
        var text = new StreamText();
        var all = string.Concat(pieces.Select(p => text.Push(JsonDocument.Parse(p).RootElement))) + text.Flush();

        Assert.Equal(expected, all);
    }

    [Fact]
    public void Push_CharacterCutBetweenItsBytes_IsJoined()
    {
        var text = new StreamText();
        var bytes = Encoding.UTF8.GetBytes("日本😀");
        var all = new StringBuilder();
        foreach (var b in bytes)
            all.Append(text.Push(JsonDocument.Parse(new byte[] { (byte)'"', b, (byte)'"' }).RootElement));

        Assert.Equal("日本😀", all + text.Flush());
    }
}
