using HybridRouter.Local.LLama;

namespace HybridRouter.UnitTests.Local.LLama;

public sealed class StopFilterTests
{
    [Theory]
    // Pieces joined by "|"; stops joined by ","; what comes out, piece by piece.
    [InlineData("ab|cd", "", "ab|cd", false)]
    [InlineData("ab|cd", "END", "ab|cd", false)]
    [InlineData("abEN|Dcd", "END", "ab|", true)]
    [InlineData("abE|N|x", "END", "ab||ENx", false)]
    [InlineData("abEN", "END", "ab|EN", false)]
    [InlineData("one two", "two,one", "", true)]
    [InlineData("aab", "ab", "a", true)]
    [InlineData("EENDx|more", "END", "E|", true)]
    public void Push_Pieces_PassesOnWhatCannotBeAStop(string pieces, string stops, string expected, bool stopped)
    {
        var filter = new StopFilter(stops.Split(',', StringSplitOptions.RemoveEmptyEntries));

        var passed = pieces.Split('|').Select(filter.Push).ToList();
        if (filter.Flush() is { Length: > 0 } rest)
            passed.Add(rest);

        Assert.Equal(expected, string.Join('|', passed));
        Assert.Equal(stopped, filter.Stopped);
    }
}
