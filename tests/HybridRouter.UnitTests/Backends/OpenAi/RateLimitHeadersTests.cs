using HybridRouter.Backends.OpenAi;

namespace HybridRouter.UnitTests.Backends.OpenAi;

public sealed class RateLimitHeadersTests
{
    [Theory]
    [InlineData("12ms", 0.012)]
    [InlineData("1s", 1.0)]
    [InlineData("6m0s", 360.0)]
    [InlineData("1m30s", 90.0)]
    [InlineData("1h2m3.5s", 3723.5)]
    [InlineData("8.64s", 8.64)]
    [InlineData("500us", 0.0005)]
    [InlineData("500\u00b5s", 0.0005)]
    [InlineData("24h0m0s", 86_400.0)]
    [InlineData("60", 60.0)]
    [InlineData(" 1.5 ", 1.5)]
    [InlineData("9999999h", 86_400.0)]
    [InlineData("1e400", null)]
    [InlineData("0", null)]
    [InlineData("0s", null)]
    [InlineData("-1", null)]
    [InlineData("-5s", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    [InlineData("soon", null)]
    [InlineData("5x", null)]
    [InlineData("s", null)]
    [InlineData("1s2", null)]
    [InlineData("1..5s", null)]
    [InlineData("NaN", null)]
    public void Duration_Text_IsATimeOrUnknown(string? text, double? seconds)
    {
        var duration = RateLimitHeaders.Duration(text);

        Assert.Equal(seconds is null, duration is null);
        Assert.Equal(seconds ?? 0, duration?.TotalSeconds ?? 0, 6);
    }

    [Fact]
    public void Read_OpenAiHeaders_GivesAllLimits()
    {
        var readings = Read(
            ("x-ratelimit-limit-requests", "500"), ("x-ratelimit-remaining-requests", "499"), ("x-ratelimit-reset-requests", "120ms"),
            ("x-ratelimit-limit-tokens", "30000"), ("x-ratelimit-remaining-tokens", "29000"), ("x-ratelimit-reset-tokens", "2s"),
            ("x-ratelimit-limit-project-tokens", "90000"), ("x-ratelimit-remaining-project-tokens", "1"), ("x-ratelimit-reset-project-tokens", "1m0s"))!;

        Assert.Equal(new LimitReading(500, 499, TimeSpan.FromMilliseconds(120)), readings.Requests);
        Assert.Equal(new LimitReading(30_000, 29_000, TimeSpan.FromSeconds(2)), readings.Tokens);
        Assert.Equal(new LimitReading(90_000, 1, TimeSpan.FromMinutes(1)), readings.ProjectTokens);
        Assert.Null(readings.Utilization);
    }

    [Theory]
    [InlineData("1000", "0", 1000L, 0L)]
    [InlineData("1000", "-1", 1000L, null)]
    [InlineData("1000", "", 1000L, null)]
    [InlineData("1000", "2000", 1000L, null)]
    [InlineData("1000", "many", 1000L, null)]
    [InlineData("-1", "-1", null, null)]
    [InlineData("0", "0", null, null)]
    [InlineData("-1", "0", null, null)]
    [InlineData("0", "7", null, 7L)]
    [InlineData(null, "0", null, null)]
    [InlineData(null, "7", null, 7L)]
    [InlineData("99999999999999999999999", "5", 1_000_000_000_000L, 5L)]
    [InlineData("1e9", "5", null, 5L)]
    [InlineData("150.7", "10.2", 150L, 10L)]
    [InlineData("10, 20", "5", null, 5L)]
    public void Read_OddFigures_AreUnknownButZeroOfALimitIsNot(string? limit, string? remaining, long? limitRead, long? remainingRead)
    {
        var readings = Read(("x-ratelimit-limit-tokens", limit), ("x-ratelimit-remaining-tokens", remaining));

        Assert.Equal((limitRead, remainingRead), (readings?.Tokens.Limit, readings?.Tokens.Remaining));
    }

    [Fact]
    public void Read_NothingUsable_IsNull()
    {
        Assert.Null(Read(("x-request-id", "r")));
        // What Azure's Responses send.
        Assert.Null(Read(("x-ratelimit-limit-tokens", "-1"), ("x-ratelimit-remaining-tokens", "-1"), ("x-ratelimit-reset-tokens", "0")));
    }

    [Fact]
    public void Read_OlderTokenHeaders_StandInWhereTheUsualOnesAreMissing()
    {
        Assert.Equal(40, Read(("x-ratelimit-remaining-tokens_usage_based", "40"))!.Tokens.Remaining);
        Assert.Equal(30, Read(("x-ratelimit-remaining-tokens", "30"), ("x-ratelimit-remaining-tokens_usage_based", "40"))!.Tokens.Remaining);
    }

    [Theory]
    [InlineData("85.2%", 0.852)]
    [InlineData("85.2", 0.852)]
    [InlineData("100%", 1.0)]
    [InlineData("0", 0.0)]
    [InlineData("99999%", 10.0)]
    [InlineData("-3%", null)]
    [InlineData("full", null)]
    public void Read_Utilisation_IsAShare(string text, double? share) => Assert.Equal(share, Read(("azure-openai-deployment-utilization", text))?.Utilization);

    private static UpstreamReadings? Read(params (string Name, string? Value)[] headers)
    {
        using var response = new HttpResponseMessage();
        foreach (var (name, value) in headers)
        {
            if (value is not null)
                response.Headers.TryAddWithoutValidation(name, value);
        }
        return RateLimitHeaders.Read(response.Headers);
    }
}
