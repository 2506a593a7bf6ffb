using System.Net;
using HybridRouter.Backends.OpenAi;

namespace HybridRouter.UnitTests.Backends.OpenAi;

public sealed class RetryAfterTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Retry-After", "7", 7.0)]
    [InlineData("Retry-After", " 1.5 ", 1.5)]
    [InlineData("Retry-After", "0", 0.0)]
    [InlineData("retry-after-ms", "250", 0.25)]
    [InlineData("Retry-After", "Mon, 23 Nov 2026 10:00:30 GMT", 30.0)]
    [InlineData("Retry-After", "99999999", 86_400.0)]
    [InlineData("Retry-After", "-3", null)]
    [InlineData("Retry-After", "soon", null)]
    [InlineData("Retry-After", "NaN", null)]
    [InlineData("Retry-After", "1e400", null)]
    [InlineData("Retry-After", "Mon, 23 Nov 2026 09:00:00 GMT", null)]
    [InlineData("x-other", "7", null)]
    public void Read_Header_GivesSeconds(string name, string value, double? seconds) =>
        Assert.Equal(seconds, RetryAfter.Read(Response((name, value)), null, Now)?.TotalSeconds);

    [Fact]
    public void Read_DateOfASenderWhoseClockIsWrong_IsTakenByThatClock()
    {
        var response = Response(("Date", "Mon, 23 Nov 2026 12:00:00 GMT"), ("Retry-After", "Mon, 23 Nov 2026 12:00:05 GMT"));

        Assert.Equal(TimeSpan.FromSeconds(5), RetryAfter.Read(response, null, Now));
    }

    [Fact]
    public void Read_Both_MillisecondsAreMoreExact() =>
        Assert.Equal(TimeSpan.FromMilliseconds(1200), RetryAfter.Read(Response(("Retry-After", "2"), ("retry-after-ms", "1200")), "try again in 9s", Now));

    [Theory]
    [InlineData("Rate limit reached. Please try again in 1.5s.", 1.5)]
    [InlineData("Please try again in 20ms. Visit", 0.02)]
    [InlineData("Please try again in 6m0s.", 360.0)]
    [InlineData("Please try again in 1m12.5s.", 72.5)]
    [InlineData("Please try again in 1h2m3s.", 3723.0)]
    [InlineData("Please try again in 2h.", 7200.0)]
    [InlineData("Please retry after 30 seconds.", 30.0)]
    [InlineData("PLEASE RETRY AFTER 6 SECONDS", 6.0)]
    [InlineData("try again in a while", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void FromMessage_Text_GivesSeconds(string? message, double? seconds) => Assert.Equal(seconds, RetryAfter.FromMessage(message)?.TotalSeconds);

    private static HttpResponseMessage Response(params (string Name, string Value)[] headers)
    {
        var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        foreach (var (name, value) in headers)
            Assert.True(response.Headers.TryAddWithoutValidation(name, value));
        return response;
    }
}
