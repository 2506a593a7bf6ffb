using CsCheck;
using HybridRouter.Callers.Economy;

namespace HybridRouter.UnitTests.Callers.Economy;

public sealed class TextTrimTests
{
    [Theory]
    [InlineData("a\n\n\n\nb", "a\n\nb")]
    [InlineData("a\n\n\n\n\n\n\n\nb\n\n\n\nc", "a\n\nb\n\nc")]
    [InlineData("a  \nb\t\n", "a\nb\n")]
    [InlineData("a\r\n\r\n \r\n\r\nb \r\n", "a\r\n\r\nb\r\n")]
    [InlineData("a\n   \n \n\t\nb", "a\n\nb")]
    [InlineData("    indented  \n        more", "    indented\n        more")]
    [InlineData("a\n\n\n\n", "a\n\n")]
    [InlineData("\n\n\n\na", "\na")]
    [InlineData("text  \n```\ncode  \n\n\n\n\nmore  \n```\nafter  ", "text\n```\ncode  \n\n\n\n\nmore  \n```\nafter")]
    [InlineData("~~~ python  \n x  \n", null)]
    public void CollapseBlankLines_RunsAndLineEnds_Go(string text, string? expected) => Assert.Equal(expected, TextTrim.CollapseBlankLines(text));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("def f():\n    return 1\n\n\ndef g():\n    return 2\n")]
    [InlineData("  a\n\n\n  b")]
    [InlineData("   ")]
    [InlineData("\n\n\n\n\n ")]
    public void CollapseBlankLines_NothingToTake_IsNull(string text)
    {
        if (text.Trim().Length > 0 || text.Length == 0)
            Assert.Null(TextTrim.CollapseBlankLines(text));
        else
            Assert.NotEqual("", TextTrim.CollapseBlankLines(text));
    }

    [Fact]
    public void CollapseBlankLines_AnyText_KeepsEachLineInOrderAndIsDone() =>
        Gen.Int[0, 6].Select(i => "ab \n\r\t`"[i]).Array[0, 60].Select(c => new string(c)).Sample(text =>
        {
            var trimmed = TextTrim.CollapseBlankLines(text) ?? text;

            Assert.Equal(Lines(text), Lines(trimmed));
            Assert.Null(TextTrim.CollapseBlankLines(trimmed));
        });

    [Fact]
    public void CutMiddle_ShortEnough_IsNull() => Assert.Null(TextTrim.CutMiddle(new string('a', 200), 200));

    [Theory]
    [InlineData(201, 200)]
    [InlineData(100_000, 200)]
    [InlineData(100_000, 5000)]
    public void CutMiddle_Longer_KeepsBothEndsAndSaysHowMuchIsMissing(int length, int max)
    {
        var text = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i % 26))));
        var cut = TextTrim.CutMiddle(text, max)!;
        var mark = System.Text.RegularExpressions.Regex.Match(cut, @"\n\[\.\.\. (\d+) characters of this tool result left out \.\.\.\]\n");
        var (head, tail) = (cut[..mark.Index], cut[(mark.Index + mark.Length)..]);

        Assert.InRange(cut.Length, max - 10, max);
        Assert.StartsWith(head, text);
        Assert.EndsWith(tail, text);
        Assert.Equal(length, head.Length + tail.Length + int.Parse(mark.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(head.Length > tail.Length);
    }

    [Fact]
    public void CutMiddle_PairsOfSurrogates_StayWhole()
    {
        for (var shift = 0; shift < 4; shift++)
        {
            var text = new string('x', shift) + string.Concat(Enumerable.Repeat("\ud83d\ude00", 1000));

            Assert.Equal(-1, TextTrim.CutMiddle(text, 300)!.IndexOf('\ufffd'));
            Assert.DoesNotContain('\ufffd', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(TextTrim.CutMiddle(text, 300)!)));
        }
    }

    private static IEnumerable<string> Lines(string text) => text.Split('\n').Select(l => l.TrimEnd(' ', '\t', '\r')).Where(l => l.Length > 0);
}
