using HybridRouter.Simulator.Limits;

namespace HybridRouter.UnitTests.Simulator;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(-5, "0s")]
    [InlineData(0.2, "1ms")]
    [InlineData(12, "12ms")]
    [InlineData(1000, "1s")]
    [InlineData(1234, "1.234s")]
    [InlineData(17280, "17.28s")]
    [InlineData(59999.5, "1m0s")]
    [InlineData(90_000, "1m30s")]
    [InlineData(360_000, "6m0s")]
    [InlineData(3_723_500, "1h2m3.5s")]
    [InlineData(86_400_000, "24h0m0s")]
    [InlineData(3_600_001, "1h0m0.001s")]
    public void Format_Milliseconds_IsWrittenAsGoDoes(double milliseconds, string expected) =>
        Assert.Equal(expected, GoDuration.Format(TimeSpan.FromMilliseconds(milliseconds)));
}
