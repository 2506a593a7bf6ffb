using HybridRouter.Callers;
using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Callers;

public sealed class PricesTests
{
    [Theory]
    [InlineData(1000, 0, 0, 1250)]
    [InlineData(0, 1000, 0, 10_000)]
    [InlineData(1000, 100, 400, (600 * 1.25) + (400 * 0.125) + 1000)]
    [InlineData(1, 0, 0, 2)]
    [InlineData(100, 0, 1000, 13)]
    public void Of_Model_IsByTheMillion(long input, long output, long cached, double microDollars) =>
        Assert.Equal(Math.Ceiling(microDollars), Prices.Of(Options(), "GPT")(new UsedTokens(input, output, cached)));

    [Fact]
    public void Of_CachedWithoutAPrice_IsTheOrdinary()
    {
        var options = Options();
        options.Prices["gpt"].CachedInputPerMillion = null;

        Assert.Equal(1250, Prices.Of(options, "gpt")(new UsedTokens(1000, 0, 400)));
    }

    [Fact]
    public void Of_FractionsThatBinaryCannotHold_AreNotRoundedUp()
    {
        var options = new RouterOptions { Prices = { ["m"] = new PriceOptions { InputPerMillion = 0.1 } } };

        Assert.Equal(3, Prices.Of(options, "m")(new UsedTokens(30, 0)));
    }

    [Fact]
    public void Of_UnknownModel_IsNothing() => Assert.Equal(0, Prices.Of(Options(), "other")(new UsedTokens(1000, 1000)));

    private static RouterOptions Options() => new() { Prices = { ["gpt"] = new PriceOptions { InputPerMillion = 1.25, CachedInputPerMillion = 0.125, OutputPerMillion = 10 } } };
}
