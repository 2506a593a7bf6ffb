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
        response["error"] = new JsonObject { ["code"] = "server_error", ["message"] = error.Message };
        var sequence = Read(last)?["sequence_number"] is JsonValue number && number.TryGetValue<long>(out var n) ? n + 1 : 0;
        var failed = new JsonObject { ["type"] = "response.failed", ["sequence_number"] = sequence, ["response"] = response };
        return new SseEvent("response.failed", JsonSerializer.SerializeToUtf8Bytes(failed));
    }

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
