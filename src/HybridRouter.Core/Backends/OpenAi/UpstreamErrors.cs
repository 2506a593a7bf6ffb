using System.Text.Json;
using HybridRouter.Quota;
using HybridRouter.Wire;

namespace HybridRouter.Backends.OpenAi;

/// <summary>The one place that reads upstream errors: status codes, error bodies, errors inside a stream.</summary>
internal static class UpstreamErrors
{
    public static BackendFailure Timeout(TimeSpan waited) =>
        new(FailureKind.Timeout, new ApiError(504, "server_error", "upstream_timeout", $"The upstream sent nothing for {waited.TotalSeconds:0.#} seconds.", RetryAfter: TimeSpan.FromSeconds(5)));

    public static BackendFailure BadReply(string what) => new(FailureKind.BadReply, ApiError.BadGateway($"The upstream answered with {what}."));

    public static BackendFailure Unreachable(Exception e) => new(FailureKind.Unreachable, ApiError.BadGateway(e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "The upstream's host name could not be resolved; check its baseUrl.",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "The secure connection to the upstream failed.",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "The upstream refused the connection or is not running.",
        InvalidDataException => e.Message,
        OperationCanceledException => "The upstream could not be connected to in time.",
        _ => "The connection to the upstream broke.",
    }))
    {
        Sent = e is not (OperationCanceledException
            or HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ConnectionError }),
    };

    /// <summary>Null when a 200 body is a JSON object without an error.</summary>
    public static BackendFailure? CheckAnswer(ReadOnlyMemory<byte> body, string? apiKey)
    {
        try
        {
            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = JsonBody.MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return BadReply("something that is not a JSON object");
            var hasError = false;
            while (reader.Read())
            {
                // "error": null is part of every Responses object.
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("error"u8))
                    hasError = reader.Read() && reader.TokenType != JsonTokenType.Null;
            }
            if (!hasError)
                return null;
        }
        catch (JsonException)
        {
            return BadReply("invalid JSON");
        }
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        // A failed background response is a true answer, not an upstream fault.
        return document.RootElement.TryGetProperty("object", out var kind) && kind.ValueKind == JsonValueKind.String && kind.ValueEquals("response")
            ? null
            : FromErrorObject(document.RootElement.GetProperty("error"), apiKey);
    }

    /// <summary>The failure that a stream event tells of, or null.</summary>
    public static BackendFailure? FromEvent(SseEvent item, string? apiKey)
    {
        if (item.IsDone)
            return null;
        if (item.Type is null && item.Data.Span.IndexOf("\"error\""u8) < 0)
            return null;
        if (item.Type is not (null or "error" or "response.failed"))
            return null;
        using var document = JsonDocument.Parse(item.Data, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        var root = document.RootElement;
        if (item.Type == "response.failed")
            return root.TryGetProperty("response", out var response) && response.ValueKind == JsonValueKind.Object && response.TryGetProperty("error", out var inner) ? FromErrorObject(inner, apiKey) : BadReply("a failed response");
        if (item.Type == "error" && !root.TryGetProperty("error", out _))
            return FromErrorObject(root, apiKey);
        return root.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null ? FromErrorObject(error, apiKey) : null;
    }

    public static BackendFailure FromStatus(HttpResponseMessage response, ReadOnlyMemory<byte> body, string? apiKey, DateTimeOffset now)
    {
        var status = (int)response.StatusCode;
        var error = ReadErrorObject(body, apiKey);
        if (status is 401 or 402 or 403)
            return Unauthorized();
        var told = RetryAfter.Read(response, error.Message, now);
        switch (status)
        {
            case 429 or 503 when error.Says("insufficient_quota"):
                return new(FailureKind.QuotaExhausted, ApiError.QuotaExhausted(error.Message ?? "The upstream's quota is spent."));
            case 429:
                return new(FailureKind.RateLimited, new ApiError(429, error.Type ?? "requests", "rate_limit_exceeded", error.Message ?? "The upstream's rate limit is reached.", RetryAfter: told ?? TimeSpan.FromSeconds(1))) { Told = told, Limited = error.Limited };
            case 503:
                return new(FailureKind.ServerError, ApiError.Unavailable(error.Message ?? "The upstream is overloaded.", told)) { Told = told };
            case >= 500 or 408:
                return new(FailureKind.ServerError, ApiError.BadGateway(error.Message is { } m ? $"The upstream failed with status {status}: {m}" : $"The upstream failed with status {status}.")) { Told = told };
        }
        if (status is >= 400 and < 500)
            return new(FailureKind.Rejected, new ApiError(status, error.Type ?? "invalid_request_error", error.Code, error.Message ?? $"The upstream refused the request with status {status}.", error.Param));
        return BadReply($"status {status}");
    }

    // Its text may quote the key or the account, which is no business of the client's.
    private static BackendFailure Unauthorized() =>
        new(FailureKind.Unauthorized, new ApiError(502, "server_error", "upstream_credentials", "The upstream refused the router's credentials; its operator must check the key."));

    private static BackendFailure FromErrorObject(JsonElement element, string? apiKey)
    {
        var error = Read(element).Without(apiKey);
        var message = error.Message ?? "The upstream reported an error inside its answer.";
        if (error.Says("insufficient_quota"))
            return new(FailureKind.QuotaExhausted, ApiError.QuotaExhausted(message));
        if (error.Says("rate_limit_exceeded", "429"))
        {
            var told = RetryAfter.FromMessage(message);
            return new(FailureKind.RateLimited, ApiError.RateLimited(message, told ?? TimeSpan.FromSeconds(1))) { Told = told, Limited = error.Limited };
        }
        if (error.Says("invalid_api_key", "authentication_error", "401", "402", "403"))
            return Unauthorized();
        if (error.Says("invalid_request_error", "context_length_exceeded", "invalid_prompt", "content_filter", "exceed_context_size_error", "400"))
            return new(FailureKind.Rejected, new ApiError(400, error.Type ?? "invalid_request_error", error.Code, message, error.Param));
        return new(FailureKind.ServerError, ApiError.BadGateway(message));
    }

    private readonly record struct UpstreamError(string? Message, string? Type, string? Code, string? Param)
    {
        // Some servers put the name into the type and a number into the code.
        public bool Says(params ReadOnlySpan<string> names) => names.Contains(Code) || names.Contains(Type);

        /// <summary>Azure leaves the type out and names the limit in the text.</summary>
        public MeterUnit? Limited => Type switch
        {
            "tokens" => MeterUnit.Tokens,
            "requests" => MeterUnit.Requests,
            _ when Message is null => null,
            _ when Message.Contains("token rate limit", StringComparison.OrdinalIgnoreCase) => MeterUnit.Tokens,
            _ when Message.Contains("call rate limit", StringComparison.OrdinalIgnoreCase) => MeterUnit.Requests,
            _ => null,
        };

        public UpstreamError Without(string? apiKey) =>
            string.IsNullOrEmpty(apiKey) || Message is null ? this : this with { Message = Message.Replace(apiKey, "[key]", StringComparison.Ordinal) };
    }

    private static UpstreamError ReadErrorObject(ReadOnlyMemory<byte> body, string? apiKey)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("error", out var element))
                return default;
            return Read(element).Without(apiKey);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static UpstreamError Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => new(Text(element), null, null, null),
        JsonValueKind.Object => new(Text(element, "message"), Text(element, "type"), Text(element, "code"), Text(element, "param")),
        _ => default,
    };

    /// <summary>Null for a string that no valid Unicode comes of.</summary>
    private static string? Text(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    // llama-server and Azure send numbers where OpenAI sends strings.
    private static string? Text(JsonElement element, string name) => !element.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => Text(value),
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    };
}
