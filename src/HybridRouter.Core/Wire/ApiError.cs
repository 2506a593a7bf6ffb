namespace HybridRouter.Wire;

/// <summary>One refusal, in the shape that OpenAI clients read. The message says what to change and never holds a secret or prompt text.</summary>
/// <param name="Status">HTTP status, 400..599.</param>
/// <param name="Type">OpenAI error type, for example <c>invalid_request_error</c>.</param>
/// <param name="Code">Machine-readable code, or null.</param>
/// <param name="Message">What went wrong and what to change.</param>
/// <param name="Param">The request member at fault, or null.</param>
/// <param name="RetryAfter">When a retry can help; rounded up to whole seconds of at least one on the wire. Null: a retry does not help.</param>
public sealed record ApiError(int Status, string Type, string? Code, string Message, string? Param = null, TimeSpan? RetryAfter = null)
{
    public static ApiError Invalid(string message, string? param = null, string? code = null) =>
        new(400, "invalid_request_error", code, message, param);

    public static ApiError ModelNotFound(string model) =>
        new(404, "invalid_request_error", "model_not_found", $"The model '{(model.Length > 200 ? model[..200] : model)}' does not exist here. GET /v1/models lists the names; 'auto' lets the router decide.", "model");

    public static ApiError NotFound(string message) => new(404, "invalid_request_error", "not_found", message);

    /// <summary>503 always carries a retry time: Codex and the .NET SDK retry at once, many times, without one.</summary>
    public static ApiError Unavailable(string message, TimeSpan? retryAfter = null) =>
        new(503, "server_error", "service_unavailable", message, RetryAfter: retryAfter ?? TimeSpan.FromSeconds(2));

    public static ApiError RateLimited(string message, TimeSpan retryAfter) =>
        new(429, "requests", "rate_limit_exceeded", message, RetryAfter: retryAfter);

    public static ApiError QuotaExhausted(string message) => new(429, "insufficient_quota", "insufficient_quota", message);

    public static ApiError BadGateway(string message) => new(502, "server_error", "bad_gateway", message, RetryAfter: TimeSpan.FromSeconds(2));
}

/// <summary>Carries an <see cref="ApiError"/> from where bad input is found to the one place that writes errors.</summary>
public sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}
