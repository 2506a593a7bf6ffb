using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Callers.Limits;

public sealed class CallerLimitErrorTests
{
    [Theory]
    [InlineData(MeterUnit.Requests, 0.2, "requests", "rate_limit_exceeded", "1 s")]
    [InlineData(MeterUnit.Requests, 12.1, "requests", "rate_limit_exceeded", "13 s")]
    [InlineData(MeterUnit.Slots, 1, "requests", "rate_limit_exceeded", "1 s")]
    [InlineData(MeterUnit.Tokens, 181, "tokens", "rate_limit_exceeded", "4 min")]
    [InlineData(MeterUnit.MicroDollars, 3600, "tokens", "rate_limit_exceeded", "60 min")]
    [InlineData(MeterUnit.MicroDollars, 3601, "insufficient_quota", "insufficient_quota", "61 min")]
    [InlineData(MeterUnit.Tokens, 3601, "insufficient_quota", "insufficient_quota", "61 min")]
    [InlineData(MeterUnit.Requests, 20_000, "insufficient_quota", "insufficient_quota", "6 h")]
    [InlineData(MeterUnit.Tokens, 1_000_000, "insufficient_quota", "insufficient_quota", "12 days")]
    public void Create_ByTheTimeUntilItFrees(MeterUnit unit, double seconds, string type, string code, string words)
    {
        var error = CallerLimitError.Create(new Meter("id", MeterKind.Bucket, unit, 5) { Label = "5 of key 'a'" }, TimeSpan.FromSeconds(seconds));

        Assert.Equal((429, type, code), (error.Status, error.Type, error.Code));
        Assert.Equal($"A limit is reached: 5 of key 'a'. It frees in about {words}.", error.Message);
        Assert.Equal(code == "rate_limit_exceeded" ? TimeSpan.FromSeconds(seconds) : null, error.RetryAfter);
    }

    [Fact]
    public void Create_Never_IsFinal()
    {
        var error = CallerLimitError.Create(new Meter("id", MeterKind.Bucket, MeterUnit.MicroDollars, 0) { Label = "$0 per hour of key 'a'" }, null);

        Assert.Equal((429, "insufficient_quota", null), (error.Status, error.Code, error.RetryAfter));
        Assert.Contains("$0 per hour of key 'a'", error.Message);
    }
}
