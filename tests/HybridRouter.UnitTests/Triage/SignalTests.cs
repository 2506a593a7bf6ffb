using HybridRouter.Triage.Features;

namespace HybridRouter.UnitTests.Triage;

public sealed class SignalTests
{
    [Theory]
    [InlineData("200000", 5.301)]
    [InlineData("10^5", 5)]
    [InlineData("10^{18}", 18)]
    [InlineData("10**9", 9)]
    [InlineData("3e6", 6.477)]
    [InlineData("1,000,000", 6)]
    [InlineData("1_000", 3)]
    [InlineData("0", 0)]
    [InlineData("7.", 0.845)]
    [InlineData("10^999999", 19)]
    public void Read_NumberInAnyNotation_HasItsMagnitude(string text, double expected)
    {
        NumberScanner.Read(text, 0, out var magnitude);

        Assert.Equal(expected, magnitude, 0.001);
    }

    [Theory]
    [InlineData("1 <= n <= 10^5", 5)]
    [InlineData("$1 \\le n \\leq 10^{9}$", 9)]
    [InlineData("n ≤ 300", 2.477)]
    [InlineData("a list of up to 1000 items", 3)]
    [InlineData("in 2024 we had 5000 users", 0)]
    public void Scan_BoundsInText_AreTold(string text, double largest)
    {
        var counts = new SignalCounts();

        CharScanner.Scan(text, counts);

        Assert.Equal(largest, counts[Signal.LargestBound], 0.001);
    }

    [Theory]
    [InlineData("rolling_max", "rolling max")]
    [InlineData("RollingMax", "rolling max")]
    [InlineData("rollingMaxes s", "rolling maxe s")]
    [InlineData("HTTPServer", "httpserver")]
    [InlineData("don't", "don't")]
    [InlineData("queries", "querie")]
    [InlineData("class", "class")]
    public void Scan_Identifiers_BecomeWords(string text, string words)
    {
        Span<uint> found = stackalloc uint[16];

        var used = WordScanner.Scan(text, new SignalCounts(), found);

        var expected = words.Split(' ').Select(w => WordHash.Of(w)).ToArray();
        Assert.Equal(expected, Words(found, used));
    }

    [Fact]
    public void Scan_Lines_TellsCodeProseAndSections()
    {
        const string Text = """
            Why does this fail?

            ```python
            def f(x):
                return x
            ```

            Traceback (most recent call last):
            File "a.py", line 3, in f
            @@ -1,2 +1,2 @@
            Input
            3 4
            Output
            see src/app/main.py and https://example.test/x
            assert f(1) == 1
            >>> f(2)
            """;
        var counts = new SignalCounts();

        LineScanner.Scan(Text, counts);

        Assert.Equal(2, counts[Signal.CodeFences]);
        Assert.Equal(1, counts[Signal.Signature]);
        Assert.Equal(2, counts[Signal.StackTrace]);
        Assert.Equal(1, counts[Signal.Diff]);
        Assert.Equal(2, counts[Signal.ContestSections]);
        Assert.Equal(1, counts[Signal.Asserts]);
        Assert.Equal(1, counts[Signal.Examples]);
        Assert.Equal(1, counts[Signal.Urls]);
        Assert.InRange(counts[Signal.FilePaths], 1, 3);
        Assert.InRange(counts[Signal.CodeShare], 0.05, 0.6);
    }

    [Fact]
    public void ConceptsOf_WordsAndPhrases_AreFoundInAnyForm()
    {
        Assert.Equal("graphs and trees", ConceptOf("Vertices"));
        Assert.Equal("graphs and trees", ConceptOf("EDGES"));
        Assert.Equal("limits in words", ConceptOf("at least"));
        Assert.Equal("conditions", ConceptOf("wenn"));
        Assert.Null(ConceptOf("zebra"));
    }

    private static string? ConceptOf(string text)
    {
        var counts = new SignalCounts();
        WordScanner.Scan(text, counts, new uint[16]);
        return Enumerable.Range(0, Lexicon.Concepts.Length).Where(i => counts.Concepts[i] > 0).Select(i => Lexicon.Concepts[i].Name).FirstOrDefault();
    }

    private static uint[] Words(ReadOnlySpan<uint> found, int used)
    {
        var words = new uint[used / 2];
        for (var i = 0; i < words.Length; i++)
            words[i] = found[2 * i];
        return words;
    }
}
