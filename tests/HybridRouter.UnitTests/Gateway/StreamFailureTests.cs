using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.Gateway.Http;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Gateway;

public sealed class StreamFailureTests
{
    private static readonly ApiError Error = ApiError.BadGateway("it broke");

    [Theory]
    [InlineData(WireApi.ChatCompletions)]
    [InlineData(WireApi.Completions)]
    public void Event_ChatWire_IsAnErrorChunkWithAllMembers(WireApi api)
    {
        var item = StreamFailure.Event(api, Error, default, default);

        Assert.Null(item.Type);
        Assert.Equal("""{"error":{"message":"it broke","type":"server_error","param":null,"code":"bad_gateway"}}""", Encoding.UTF8.GetString(item.Data.Span));
    }

    [Fact]
    public void Event_Responses_FailsTheResponseThatBegan()
    {
        var item = StreamFailure.Event(WireApi.Responses, Error, Event("""{"response":{"id":"resp_1","status":"in_progress","model":"m"}}"""), Event("""{"sequence_number":41}"""));

        Assert.Equal("response.failed", item.Type);
        var json = JsonNode.Parse(item.Data.Span)!;
        Assert.Equal(("response.failed", 42), ((string?)json["type"], (int)json["sequence_number"]!));
        Assert.Equal(("resp_1", "failed", "m"), ((string?)json["response"]!["id"], (string?)json["response"]!["status"], (string?)json["response"]!["model"]));
        Assert.Equal(("server_error", "it broke"), ((string?)json["response"]!["error"]!["code"], (string?)json["response"]!["error"]!["message"]));
    }

    /// <summary>Codex waits on the first, gives up on most others, and tries again on <c>server_error</c>.</summary>
    [Theory]
    [InlineData(429, "rate_limit_exceeded", 11.2, "rate_limit_exceeded", "No. Please try again in 12s.")]
    [InlineData(429, "rate_limit_exceeded", 0.01, "rate_limit_exceeded", "No. Please try again in 1s.")]
    [InlineData(429, "insufficient_quota", null, "insufficient_quota", "No.")]
    [InlineData(429, "daily_budget", null, "insufficient_quota", "No.")]
    [InlineData(400, "context_length_exceeded", null, "context_length_exceeded", "No.")]
    [InlineData(400, null, null, "invalid_prompt", "No.")]
    [InlineData(404, "model_not_found", null, "invalid_prompt", "No.")]
    [InlineData(503, "service_unavailable", 2.0, "server_error", "No.")]
    [InlineData(502, "upstream_credentials", null, "server_is_overloaded", "No.")]
    public void Event_Responses_IsToldSoThatTheClientDoesWhatTheErrorMeans(int status, string? code, double? retry, string expectedCode, string expectedMessage)
    {
        var error = new ApiError(status, "some_type", code, "No.", RetryAfter: retry is { } r ? TimeSpan.FromSeconds(r) : null);

        var told = JsonNode.Parse(StreamFailure.Event(WireApi.Responses, error, default, default).Data.Span)!["response"]!["error"]!;

        Assert.Equal((expectedCode, expectedMessage), ((string?)told["code"], (string?)told["message"]));
    }

    [Fact]
    public void Event_MessageTellsTheWaitItself_IsLeftAsItIs()
    {
        var error = ApiError.RateLimited("Full. Please try again in 41.724s.", TimeSpan.FromSeconds(42));

        Assert.Equal(error.Message, (string?)JsonNode.Parse(StreamFailure.Event(WireApi.Responses, error, default, default).Data.Span)!["response"]!["error"]!["message"]);
    }

    [Theory]
    [InlineData("[DONE]", "x")]
    [InlineData("{}", "{}")]
    [InlineData("""{"response":7}""", """{"sequence_number":"one"}""")]
    [InlineData("""{"response":{"id":1,"id":2}}""", """{"sequence_number":1,"sequence_number":2}""")]
    public void Event_OddStream_StillFails(string first, string last)
    {
        var item = StreamFailure.Event(WireApi.Responses, Error, Event(first), Event(last));

        Assert.Equal("failed", (string?)JsonNode.Parse(item.Data.Span)!["response"]!["status"]);
    }

    private static SseEvent Event(string data) => new("response.created", Encoding.UTF8.GetBytes(data));
}
