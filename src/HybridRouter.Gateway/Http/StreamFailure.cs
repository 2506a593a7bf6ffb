using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Wire;

namespace HybridRouter.Gateway.Http;

/// <summary>The event that tells a client that its stream broke. Nothing that looks like a normal end follows it.</summary>
internal static class StreamFailure
{
    public static SseEvent Event(WireApi api, ApiError error, SseEvent first, SseEvent last)
    {
        if (api != WireApi.Responses)
            return new SseEvent(null, OpenAiErrorWriter.ToJson(error));
        // Codex learns of a failure from response.failed alone; it takes an error event for a cut stream.
        var response = Read(first)?["response"]?.DeepClone() as JsonObject ?? new JsonObject { ["object"] = "response", ["output"] = new JsonArray() };
        response["status"] = "failed";
        var (code, message) = Tell(error);
        response["error"] = new JsonObject { ["code"] = code, ["message"] = message };
        var sequence = Read(last)?["sequence_number"] is JsonValue number && number.TryGetValue<long>(out var n) ? n + 1 : 0;
        var failed = new JsonObject { ["type"] = "response.failed", ["sequence_number"] = sequence, ["response"] = response };
        return new SseEvent("response.failed", JsonSerializer.SerializeToUtf8Bytes(failed));
    }

    /// <summary>
    /// Codex waits as long as the message of <c>rate_limit_exceeded</c> says, tries again after <c>server_error</c>, and
    /// gives up at once on the others: so each is told where the same error before the stream would have made it do so.
    /// </summary>
    private static (string Code, string Message) Tell(ApiError error) => error switch
    {
        { Status: 429, RetryAfter: { } wait } => ("rate_limit_exceeded", WithRetry(error.Message, wait)),
        { Status: 429 } => ("insufficient_quota", error.Message),
        { Code: "context_length_exceeded" or "exceed_context_size_error" } => ("context_length_exceeded", error.Message),
        { Status: < 500 } => ("invalid_prompt", error.Message),
        { RetryAfter: null } => ("server_is_overloaded", error.Message),
        _ => ("server_error", error.Message),
    };

    private static string WithRetry(string message, TimeSpan wait) => message.Contains("try again in", StringComparison.OrdinalIgnoreCase)
        ? message
        : string.Create(CultureInfo.InvariantCulture, $"{message} Please try again in {Math.Max(1, Math.Ceiling(wait.TotalSeconds)):0}s.");

    private static JsonObject? Read(SseEvent item)
    {
        try
        {
            // A node with a member twice would throw only when it is used.
            return JsonNode.Parse(item.Data.Span, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = JsonBody.MaxDepth }) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
