using System.Diagnostics;
using HybridRouter.Embedding;

namespace HybridRouter.UnitTests.Embedding;

public sealed class UnigramTokenizerTests
{
    private static readonly UnigramTokenizer Tokenizer = ShippedEncoder.Tokenizer();

    [Fact]
    public void Encode_ReferenceTexts_GivesTheTokensOfTheOriginal()
    {
        Assert.NotEmpty(ShippedEncoder.Tokens);
        foreach (var (text, tokens) in ShippedEncoder.Tokens)
            Assert.True(tokens.AsSpan().SequenceEqual(Encode(text)), $"'{text}': {string.Join(' ', Encode(text))}, the original has {string.Join(' ', tokens)}");
    }

    [Fact]
    public void Encode_LoneSurrogates_AreUnknownAsInTheOriginal()
    {
        Assert.Equal([30, 0], Encode("\ud800"));
        Assert.Equal([11, 0, 151], Encode("a\udc00b"));
        Assert.Equal([30, 0, 649, 30, 0], Encode("\ud83d x \ude00"));
        Assert.Equal([30, 0], Encode("\ude00\ud83d"));
    }

    [Fact]
    public void Encode_Empty_GivesNoTokens() => Assert.Empty(Encode(""));

    [Fact]
    public void Encode_SmallDestination_GivesTheFirstTokens()
    {
        const string Text = "Write a Python function for Fibonacci";

        Assert.Equal(Encode(Text)[..3], Encode(Text, 3));
    }

    [Fact]
    public void Encode_TextBeyondTheWindow_IsNotRead()
    {
        var text = new string('a', UnigramTokenizer.Window);

        Assert.Equal(Encode(text), Encode(text + " and an end that nobody sees"));
    }

    [Theory]
    [InlineData('x')]
    [InlineData(' ')]
    [InlineData('\u4f60')]
    [InlineData('\u0301')]
    [InlineData('\ufdfa')]
    [InlineData('\ud83d')]
    public void Encode_Megabyte_CostsNoMoreThanTheWindow(char character)
    {
        var text = new string(character, 1_000_000);
        Encode(text);
        var work = new UnigramTokenizer.Work();
        var tokens = new int[64];

        var before = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < 50; i++)
            Tokenizer.Encode(text, work, tokens);
        var elapsed = Stopwatch.GetElapsedTime(start);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        // A megabyte read 50 times takes far longer.
        Assert.InRange(elapsed, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no tab\n")]
    [InlineData("a\tb\n")]
    public void Constructor_NoListOfPieces_Throws(string pieces) =>
        Assert.Throws<FormatException>(() => new UnigramTokenizer(pieces, new CompatibilityForm("")));

    [Theory]
    [InlineData("x 1 2")]
    [InlineData("d 1")]
    [InlineData("c 1 zz 3")]
    public void Constructor_NoNormalizationTable_Throws(string table) =>
        Assert.Throws<FormatException>(() => new CompatibilityForm(table));

    private static int[] Encode(string text, int room = UnigramTokenizer.Window + 1)
    {
        var tokens = new int[room];
        return tokens[..Tokenizer.Encode(text, new UnigramTokenizer.Work(), tokens)];
    }
}
