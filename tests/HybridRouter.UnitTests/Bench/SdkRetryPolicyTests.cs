using System.Net;
using HybridRouter.Bench;

namespace HybridRouter.UnitTests.Bench;

public sealed class SdkRetryPolicyTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(0, true)]
    [InlineData(400, false)]
    [InlineData(401, false)]
    [InlineData(404, false)]
    [InlineData(408, true)]
    [InlineData(409, true)]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(503, true)]
    [InlineData(200, false)]
    public void Delay_Status_IsRetriedAsTheClientDoes(int status, bool retried) =>
        Assert.Equal(retried, SdkRetryPolicy.Delay(Answer(status), 0, 0, Now) is not null);

    [Theory]
    [InlineData(0, 0, 0.5)]
    [InlineData(1, 0, 1)]
    [InlineData(0, 1, 0.375)]
    [InlineData(1, 1, 0.75)]
    public void Delay_NothingTold_DoublesLessUpToAQuarter(int retries, double jitter, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), SdkRetryPolicy.Delay(Answer(429), retries, jitter, Now));

    [Fact]
    public void Delay_AfterTwoRetries_GivesUp() => Assert.Null(SdkRetryPolicy.Delay(Answer(429, ("Retry-After", "1")), SdkRetryPolicy.MaxRetries, 0, Now));

    [Fact]
    public void Delay_Told_IsWhatTheServerSays()
    {
        Assert.Equal(TimeSpan.FromSeconds(90), SdkRetryPolicy.Delay(Answer(429, ("Retry-After", "90")), 0, 1, Now));
        Assert.Equal(TimeSpan.FromMilliseconds(250), SdkRetryPolicy.Delay(Answer(429, ("retry-after-ms", "250"), ("Retry-After", "1")), 0, 1, Now));
        Assert.Equal(TimeSpan.FromSeconds(7), SdkRetryPolicy.Delay(Answer(503, ("Retry-After", Now.AddSeconds(7).ToString("R"))), 0, 1, Now));
        Assert.Equal(TimeSpan.FromSeconds(0.5), SdkRetryPolicy.Delay(Answer(429, ("Retry-After", "soon")), 0, 0, Now));
    }

    [Fact]
    public void Delay_ShouldRetryHeader_OverridesTheStatus()
    {
        Assert.Null(SdkRetryPolicy.Delay(Answer(429, ("x-should-retry", "false")), 0, 0, Now));
        Assert.NotNull(SdkRetryPolicy.Delay(Answer(400, ("x-should-retry", "true")), 0, 0, Now));
    }

    private static ChatTry Answer(int status, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        if (status == 0)
            return new ChatTry(0, null);
        var response = new HttpResponseMessage((HttpStatusCode)status);
        foreach (var (name, value) in headers)
            response.Headers.TryAddWithoutValidation(name, value);
        return new ChatTry(status, response.Headers);
    }
}
