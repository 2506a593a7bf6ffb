using System.Net;
using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Local.Ollama;

/// <summary>Carries a failure through OllamaSharp, which knows no other way than to throw.</summary>
internal sealed class OllamaFailure(BackendFailure failure, Exception? inner = null) : Exception(failure.Error.Message, inner)
{
    public const int MaxErrorBytes = 64 * 1024;

    public BackendFailure Failure { get; } = failure;

    public static OllamaFailure FromStatus(HttpStatusCode status, string? message) => new((int)status switch
    {
        // Its own queue (OLLAMA_MAX_QUEUE) is full: others use it beside us.
        503 => new(FailureKind.Busy, ApiError.Unavailable($"Ollama is overloaded: {message ?? "server busy"}.")),
        404 => new(FailureKind.Unreachable, ApiError.Unavailable($"Ollama does not have the model: {message ?? "not found"}.", TimeSpan.FromSeconds(30))),
        401 or 403 => new(FailureKind.Unauthorized, new ApiError(502, "server_error", "upstream_credentials", "The Ollama server refused the router's key; check apiKey.")),
        >= 400 and < 500 => new(FailureKind.Rejected, new ApiError(400, "invalid_request_error", null, message ?? $"Ollama refused the request with status {(int)status}.")),
        _ => new(FailureKind.ServerError, ApiError.BadGateway($"Ollama failed with status {(int)status}: {message ?? "no reason given"}.")),
    });

    public static OllamaFailure InStream(string message) => new(new BackendFailure(FailureKind.ServerError, ApiError.BadGateway($"Ollama failed while answering: {message}.")));

    public static BackendFailure Silent(TimeSpan waited) =>
        new(FailureKind.Timeout, new ApiError(504, "server_error", "upstream_timeout", $"Ollama sent nothing for {waited.TotalSeconds:0.#} seconds.", RetryAfter: TimeSpan.FromSeconds(5)));

    public static BackendFailure Bad(string what) => new(FailureKind.BadReply, ApiError.BadGateway($"Ollama answered with {what}."));

    /// <summary>The answer ended before it was whole.</summary>
    public static BackendStreamException Cut() => new(Bad("something that was cut before its end"));

    /// <summary>The failure behind whatever OllamaSharp threw; null when it is none of the expected kinds.</summary>
    public static BackendFailure? Of(Exception e) => e switch
    {
        OllamaFailure own => own.Failure,
        JsonException => Bad("invalid JSON"),
        OllamaSharp.Models.Exceptions.OllamaException error => InStream(error.Message).Failure,
        IOException or HttpRequestException => Cut().Failure,
        _ => null,
    };

    /// <summary>The text of <c>{"error":"…"}</c>, or null.</summary>
    public static string? ReadMessage(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String
                ? error.GetString()!.TrimEnd('.')
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
