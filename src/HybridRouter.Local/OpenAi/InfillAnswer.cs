using System.Text.Json;
using System.Text.Json.Nodes;

namespace HybridRouter.Local.OpenAi;

/// <summary>llama-server's own completion objects as OpenAI <c>text_completion</c> objects, whole or in chunks.</summary>
internal sealed class InfillAnswer(string id, string model, long created)
{
    /// <summary>Null when the object is not a completion (an error, for example), which is then passed on as it is.</summary>
    public byte[]? Translate(ReadOnlySpan<byte> native, bool chunk, out JsonObject? usage)
    {
        usage = null;
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(native);
        }
        catch (JsonException)
        {
            return null;
        }
        if (node is not JsonObject completion || completion["content"] is not JsonValue content)
            return null;
        var last = !chunk || completion["stop"] is JsonValue stop && stop.TryGetValue<bool>(out var stopped) && stopped;
        if (last)
            usage = ReadUsage(completion);
        var answer = Shell(new JsonArray(new JsonObject
        {
            ["text"] = content.DeepClone(),
            ["index"] = 0,
            ["logprobs"] = null,
            ["finish_reason"] = last ? FinishReason(completion) : null,
        }));
        if (!chunk)
            answer["usage"] = usage;
        return JsonSerializer.SerializeToUtf8Bytes(answer);
    }

    public byte[] UsageChunk(JsonObject usage)
    {
        var chunk = Shell([]);
        chunk["usage"] = usage;
        return JsonSerializer.SerializeToUtf8Bytes(chunk);
    }

    private JsonObject Shell(JsonArray choices) => new()
    {
        ["id"] = id,
        ["object"] = "text_completion",
        ["created"] = created,
        ["model"] = model,
        ["choices"] = choices,
    };

    private static string FinishReason(JsonObject completion) =>
        Text(completion, "stop_type") == "limit" || completion["stopped_limit"] is JsonValue limit && limit.TryGetValue<bool>(out var cut) && cut ? "length" : "stop";

    private static JsonObject ReadUsage(JsonObject completion)
    {
        var (prompt, answer) = (Count(completion, "tokens_evaluated"), Count(completion, "tokens_predicted"));
        return new JsonObject { ["prompt_tokens"] = prompt, ["completion_tokens"] = answer, ["total_tokens"] = prompt + answer };
    }

    private static string? Text(JsonObject node, string name) => node[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static int Count(JsonObject node, string name) => node[name] is JsonValue value && value.TryGetValue<int>(out var count) ? count : 0;
}
