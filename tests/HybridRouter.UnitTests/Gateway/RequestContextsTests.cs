using HybridRouter.Configuration;
using HybridRouter.Gateway.Endpoints;
using HybridRouter.Intake;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.UnitTests.Gateway;

public sealed class RequestContextsTests
{
    [Theory]
    [InlineData("interactive", RequestPriority.Interactive)]
    [InlineData(" Background ", RequestPriority.Background)]
    [InlineData("BATCH", RequestPriority.Batch)]
    public void From_Priority_IsRead(string value, RequestPriority expected) => Assert.Equal(expected, From("X-HybridRouter-Priority", value).Priority);

    [Theory]
    [InlineData("1", 1)]
    [InlineData(" 2.5 ", 2.5)]
    [InlineData("86400", 86_400)]
    public void From_Timeout_IsRead(string value, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), From("X-HybridRouter-Timeout-Seconds", value).Timeout);

    [Fact]
    public void From_Neither_IsNull()
    {
        var context = From("x-other", "1");

        Assert.Equal((null, null), (context.Priority, context.Timeout));
    }

    [Theory]
    [InlineData("x-hybridrouter-priority", "urgent")]
    [InlineData("x-hybridrouter-priority", "1")]
    [InlineData("x-hybridrouter-priority", "")]
    [InlineData("x-hybridrouter-priority", "batch,interactive")]
    [InlineData("x-hybridrouter-timeout-seconds", "0")]
    [InlineData("x-hybridrouter-timeout-seconds", "0.9")]
    [InlineData("x-hybridrouter-timeout-seconds", "-5")]
    [InlineData("x-hybridrouter-timeout-seconds", "86401")]
    [InlineData("x-hybridrouter-timeout-seconds", "1e3")]
    [InlineData("x-hybridrouter-timeout-seconds", "NaN")]
    [InlineData("x-hybridrouter-timeout-seconds", "1,000")]
    [InlineData("x-hybridrouter-timeout-seconds", "soon")]
    [InlineData("x-hybridrouter-timeout-seconds", "")]
    public void From_BadValue_Is400AndNamesTheHeader(string header, string value)
    {
        var error = Assert.Throws<ApiException>(() => From(header, value)).Error;

        Assert.Equal((400, "invalid_request_error", header), (error.Status, error.Type, error.Param));
        Assert.Contains(header, error.Message);
    }

    private static RequestContext From(string header, string value)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers[header] = value;
        return RequestContexts.From(request, CallerIdentity.None);
    }
}
