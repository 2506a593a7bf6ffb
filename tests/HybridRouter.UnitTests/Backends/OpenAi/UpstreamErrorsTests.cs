using System.Net;
using System.Text;
using HybridRouter.Backends;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Backends.OpenAi;

public sealed class UpstreamErrorsTests
{
    private const string Key = "sk-test-0123456789";

    [Theory]
    // OpenAI
    [InlineData(400, """{"error":{"message":"bad","type":"invalid_request_error","param":"tools","code":null}}""", FailureKind.Rejected, 400, "invalid_request_error", null)]
    [InlineData(400, """{"error":{"message":"long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", FailureKind.Rejected, 400, "invalid_request_error", "context_length_exceeded")]
    [InlineData(404, """{"error":{"message":"no","type":"invalid_request_error","code":"model_not_found"}}""", FailureKind.Rejected, 404, "invalid_request_error", "model_not_found")]
    [InlineData(401, """{"error":{"message":"Incorrect API key provided: sk-t*89","code":"invalid_api_key"}}""", FailureKind.Unauthorized, 502, "server_error", "upstream_credentials")]
    [InlineData(403, "{}", FailureKind.Unauthorized, 502, "server_error", "upstream_credentials")]
    [InlineData(429, """{"error":{"message":"slow","type":"tokens","code":"rate_limit_exceeded"}}""", FailureKind.RateLimited, 429, "tokens", "rate_limit_exceeded")]
    [InlineData(429, """{"error":{"message":"quota","type":"insufficient_quota","code":"insufficient_quota"}}""", FailureKind.QuotaExhausted, 429, "insufficient_quota", "insufficient_quota")]
    [InlineData(429, """{"error":{"message":"quota","type":"insufficient_quota","code":"429"}}""", FailureKind.QuotaExhausted, 429, "insufficient_quota", "insufficient_quota")]
    [InlineData(500, """{"error":{"message":"oops","type":"server_error"}}""", FailureKind.ServerError, 502, "server_error", "bad_gateway")]
    [InlineData(503, """{"error":{"message":"overloaded"}}""", FailureKind.ServerError, 503, "server_error", "service_unavailable")]
    [InlineData(408, "", FailureKind.ServerError, 502, "server_error", "bad_gateway")]
    // Azure
    [InlineData(404, """{"error":{"code":"DeploymentNotFound","message":"The API deployment does not exist."}}""", FailureKind.Rejected, 404, "invalid_request_error", "DeploymentNotFound")]
    [InlineData(401, """{"statusCode":401,"message":"Unauthorized"}""", FailureKind.Unauthorized, 502, "server_error", "upstream_credentials")]
    [InlineData(429, """{"error":{"code":"429","message":"Please retry after 6 seconds."}}""", FailureKind.RateLimited, 429, "requests", "rate_limit_exceeded")]
    [InlineData(400, """{"error":{"code":"content_filter","message":"filtered","innererror":{}}}""", FailureKind.Rejected, 400, "invalid_request_error", "content_filter")]
    // llama-server
    [InlineData(400, """{"error":{"code":400,"message":"exceeds","type":"exceed_context_size_error","n_ctx":4096}}""", FailureKind.Rejected, 400, "exceed_context_size_error", "400")]
    [InlineData(503, """{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}""", FailureKind.ServerError, 503, "server_error", "service_unavailable")]
    // anything
    [InlineData(422, """{"detail":[{"loc":["body"]}]}""", FailureKind.Rejected, 422, "invalid_request_error", null)]
    [InlineData(400, """{"error":"only text"}""", FailureKind.Rejected, 400, "invalid_request_error", null)]
    [InlineData(400, """{"error":7}""", FailureKind.Rejected, 400, "invalid_request_error", null)]
    [InlineData(400, """{"error":{"message":{"a":1},"type":[],"code":true}}""", FailureKind.Rejected, 400, "invalid_request_error", null)]
    [InlineData(400, """{"error":{"message":"\ud83d"}}""", FailureKind.Rejected, 400, "invalid_request_error", null)]
    [InlineData(502, "<html>Bad gateway</html>", FailureKind.ServerError, 502, "server_error", "bad_gateway")]
    [InlineData(500, "[1,2]", FailureKind.ServerError, 502, "server_error", "bad_gateway")]
    [InlineData(302, "", FailureKind.BadReply, 502, "server_error", "bad_gateway")]
    [InlineData(201, "{}", FailureKind.BadReply, 502, "server_error", "bad_gateway")]
    public void FromStatus_Answer_IsThisFailure(int status, string body, FailureKind kind, int told, string type, string? code)
    {
        var failure = FromStatus(status, body);

        Assert.Equal((kind, told, type, code), (failure.Kind, failure.Error.Status, failure.Error.Type, failure.Error.Code));
        Assert.NotEmpty(failure.Error.Message);
        // Clients hammer without a time; a terminal refusal has none.
        Assert.Equal(told >= 500 && kind != FailureKind.Unauthorized || kind == FailureKind.RateLimited, failure.Error.RetryAfter is not null);
    }

    [Fact]
    public void FromStatus_Param_IsPassedOn() =>
        Assert.Equal("tools", FromStatus(400, """{"error":{"message":"bad","param":"tools"}}""").Error.Param);

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public void FromStatus_KeyInTheMessage_IsRedacted(int status) =>
        Assert.DoesNotContain(Key, FromStatus(status, $$$"""{"error":{"message":"key {{{Key}}} is bad"}}""").Error.Message);

    [Fact]
    public void FromStatus_Wait_IsToldOnlyWhenTheUpstreamTold()
    {
        Assert.Null(FromStatus(503, "{}").Told);
        Assert.Equal(TimeSpan.FromSeconds(6), FromStatus(429, """{"error":{"message":"Please retry after 6 seconds."}}""").Told);
        Assert.Equal(TimeSpan.FromSeconds(9), FromStatus(500, "{}", ("Retry-After", "9")).Told);
        Assert.Equal(TimeSpan.FromSeconds(9), FromStatus(503, "{}", ("Retry-After", "9")).Error.RetryAfter);
    }

    [Theory]
    [InlineData("""{"id":"x","choices":[]}""", null)]
    [InlineData("""{"object":"response","error":null}""", null)]
    [InlineData("""{"object":"response","status":"failed","error":{"code":"server_error"}}""", null)]
    [InlineData("""{"choices":[{"error":"inside"}]}""", null)]
    [InlineData("""{"object":5,"error":{"message":"oops"}}""", FailureKind.ServerError)]
    [InlineData("""{"error":{"message":"oops","code":503}}""", FailureKind.ServerError)]
    [InlineData("""{"error":"text"}""", FailureKind.ServerError)]
    [InlineData("""{"error":{"code":400,"type":"exceed_context_size_error","message":"m"}}""", FailureKind.Rejected)]
    [InlineData("""{"error":{"code":null,"type":"insufficient_quota"}}""", FailureKind.QuotaExhausted)]
    [InlineData("""{"error":{"code":429,"type":"x"}}""", FailureKind.RateLimited)]
    [InlineData("""{"error":{"code":"invalid_api_key"}}""", FailureKind.Unauthorized)]
    [InlineData("", FailureKind.BadReply)]
    [InlineData("[]", FailureKind.BadReply)]
    [InlineData("null", FailureKind.BadReply)]
    [InlineData("{\"a\":", FailureKind.BadReply)]
    [InlineData("{} {}", FailureKind.BadReply)]
    [InlineData("<html>", FailureKind.BadReply)]
    public void CheckAnswer_Body_IsGoodOrThisFailure(string body, FailureKind? kind) =>
        Assert.Equal(kind, UpstreamErrors.CheckAnswer(Encoding.UTF8.GetBytes(body), Key)?.Kind);

    [Fact]
    public void CheckAnswer_KeyInTheMessage_IsRedacted() =>
        Assert.DoesNotContain(Key, UpstreamErrors.CheckAnswer(Encoding.UTF8.GetBytes($$$"""{"error":{"message":"bad {{{Key}}}"}}"""), Key)!.Error.Message);

    [Theory]
    [InlineData(null, """{"choices":[{"delta":{"content":"error"}}]}""", null)]
    [InlineData(null, """{"choices":[],"error":null}""", null)]
    [InlineData(null, """{"error":{"message":"m","type":"server_error"}}""", FailureKind.ServerError)]
    [InlineData(null, """{"error":{"message":"try again in 3s","code":"rate_limit_exceeded"}}""", FailureKind.RateLimited)]
    [InlineData("error", """{"type":"error","code":"rate_limit_exceeded","message":"m"}""", FailureKind.RateLimited)]
    [InlineData("error", """{"error":{"code":"invalid_prompt","message":"m"}}""", FailureKind.Rejected)]
    [InlineData("response.failed", """{"response":{"error":{"code":"server_error","message":"m"}}}""", FailureKind.ServerError)]
    [InlineData("response.failed", """{"response":{"error":{"code":"insufficient_quota"}}}""", FailureKind.QuotaExhausted)]
    [InlineData("response.failed", """{"response":{"error":null}}""", FailureKind.ServerError)]
    [InlineData("response.failed", """{"response":null}""", FailureKind.BadReply)]
    [InlineData("response.failed", """{}""", FailureKind.BadReply)]
    [InlineData("response.created", """{"response":{"error":{"code":"x"}}}""", null)]
    public void FromEvent_Event_IsNoneOrThisFailure(string? type, string data, FailureKind? kind) =>
        Assert.Equal(kind, UpstreamErrors.FromEvent(new SseEvent(type, Encoding.UTF8.GetBytes(data)), Key)?.Kind);

    [Fact]
    public void FromEvent_Done_IsNone() => Assert.Null(UpstreamErrors.FromEvent(SseEvent.Done, Key));

    private static BackendFailure FromStatus(int status, string body, params (string Name, string Value)[] headers)
    {
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        foreach (var (name, value) in headers)
            response.Headers.TryAddWithoutValidation(name, value);
        return UpstreamErrors.FromStatus(response, Encoding.UTF8.GetBytes(body), Key, DateTimeOffset.UnixEpoch);
    }
}
