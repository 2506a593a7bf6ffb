using System.Text;
using System.Text.Json;
using HybridRouter.Callers.Estimates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.Tokenizers;

namespace HybridRouter.UnitTests.Callers.Estimates;

public sealed class TokenCounterTests
{
    private static readonly Tokenizer Reference = TiktokenTokenizer.CreateForEncoding("o200k_base");

    private static readonly string Code = string.Concat(Enumerable.Range(0, 300).Select(i => $"    public int Field{i}(int first, string second)\n    {{\n        return first * {i} + second.Length;\n    }}\n\n"));

    [Theory]
    [InlineData("hello world", 2)]
    [InlineData("", 0)]
    [InlineData("def add(a, b):\n    return a + b\n", 12)]
    [InlineData("\"quoted\" \\ <tag> ü 漢字 \ud83d\ude00", 12)]
    public void Count_ShortText_IsExact(string text, int tokens)
    {
        Assert.Equal(Reference.CountTokens(text), tokens);
        Assert.Equal(tokens, Count(text));
    }

    [Fact]
    public void Count_LongText_IsThatOfTheTextInOnePiece() => Assert.Equal(Reference.CountTokens(Code), Count(Code));

    [Fact]
    public void Count_TextOfOtherEscapes_IsTheSame()
    {
        var plain = Encoding.UTF8.GetBytes("<a href=\\\"x\\\">ä</a>");
        var escaped = Encoding.UTF8.GetBytes("\\u003ca href=\\u0022x\\u0022\\u003e\\u00e4\\u003c/a\\u003e");
        var budget = int.MaxValue;

        Assert.Equal(Gates.Counter.Count(plain, ref budget), Gates.Counter.Count(escaped, ref budget));
    }

    [Fact]
    public void Count_TextSeenBefore_TakesNothingOfTheBudget()
    {
        var text = "a text that no other test counts " + nameof(Count_TextSeenBefore_TakesNothingOfTheBudget);
        var budget = 1000;
        var first = Count(text, ref budget);
        Assert.Equal(1000 - text.Length, budget);

        Assert.Equal(first, Count(text, ref budget));
        Assert.Equal(1000 - text.Length, budget);
    }

    [Fact]
    public void Count_TextBeyondTheBound_IsExtrapolatedFromItsHead()
    {
        var text = string.Concat(Enumerable.Repeat(Code, 1 + (3 * TokenCounter.MaxTextChars / Code.Length)));
        var budget = int.MaxValue;
        var count = Count(text, ref budget);

        Assert.InRange(int.MaxValue - budget, TokenCounter.MaxTextChars - 1, TokenCounter.MaxTextChars);
        Assert.InRange(count, Reference.CountTokens(text) * 0.98, Reference.CountTokens(text) * 1.02);
    }

    // The tokenizer alone takes minutes for each of these.
    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("=")]
    [InlineData("字")]
    [InlineData("\ud83d\ude00")]
    [InlineData("\ud835\udc9c")]
    public void Count_MegabyteWithoutABreak_IsBounded(string unit)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length));
        var budget = int.MaxValue;
        var count = Count(text, ref budget);

        Assert.InRange(int.MaxValue - budget, TokenCounter.MaxTextChars - 1, TokenCounter.MaxTextChars);
        Assert.InRange(count, 1000, 2_000_000);
    }

    [Fact]
    public void Count_BudgetSpent_GoesByLengthAndCountsTheNextTime()
    {
        var text = Code + nameof(Count_BudgetSpent_GoesByLengthAndCountsTheNextTime);
        var (none, some, enough) = (0, 4000, int.MaxValue);

        Assert.Equal(Encoding.UTF8.GetByteCount(Raw(text)) / TokenCounter.BytesPerToken, Count(text, ref none), 1.0);
        Assert.InRange(Count(text, ref some), Reference.CountTokens(text) * 0.9, Reference.CountTokens(text) * 1.1);
        Assert.InRange(some, 0, 1);
        Assert.InRange(Count(text, ref enough), Reference.CountTokens(text) * 0.999, Reference.CountTokens(text) * 1.001);
    }

    [Fact]
    public void Count_VocabularyNotLoaded_GoesByLength()
    {
        var budget = 1000;

        Assert.Equal(10, new TokenCounter(new Random(1), NullLogger<TokenCounter>.Instance).Count("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"u8, ref budget));
    }

    [Fact]
    public void Count_FromManyThreads_IsTheSame()
    {
        var texts = Enumerable.Range(0, 200).Select(i => Code[..(i * 10)]).ToArray();
        var expected = texts.Select(t => (long)Count(t)).ToArray();

        Parallel.For(0, 8, _ => Assert.Equal(expected, texts.Select(t => Count(t))));
    }

    private static long Count(string text)
    {
        var budget = int.MaxValue;
        return Count(text, ref budget);
    }

    private static long Count(string text, ref int budget) => Gates.Counter.Count(Encoding.UTF8.GetBytes(Raw(text)), ref budget);

    private static string Raw(string text) => JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
}
