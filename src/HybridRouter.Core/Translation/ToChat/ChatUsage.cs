using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>Token counts of a chat answer.</summary>
internal readonly record struct ChatUsage(long Prompt, long Cached, long? CacheWrite, long Completion, long Reasoning)
{
    /// <summary>Null when the answer or chunk counts nothing.</summary>
    public static ChatUsage? Read(JsonElement answer)
    {
        if (answer.Get("usage", JsonValueKind.Object) is not { } usage)
            return null;
        JsonElement? counts = usage;
        var prompt = usage.Get("prompt_tokens_details");
        return new ChatUsage(
            counts.Number("prompt_tokens"),
            prompt.Number("cached_tokens"),
            prompt?.Get("cache_write_tokens") is null ? null : prompt.Number("cache_write_tokens"),
            counts.Number("completion_tokens"),
            usage.Get("completion_tokens_details").Number("reasoning_tokens"));
    }

    public void WriteAsResponse(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("input_tokens", Prompt);
        writer.WriteStartObject("input_tokens_details");
        writer.WriteNumber("cached_tokens", Cached);
        if (CacheWrite is { } written)
            writer.WriteNumber("cache_write_tokens", written);
        writer.WriteEndObject();
        writer.WriteNumber("output_tokens", Completion);
        writer.WriteStartObject("output_tokens_details");
        writer.WriteNumber("reasoning_tokens", Reasoning);
        writer.WriteEndObject();
        writer.WriteNumber("total_tokens", Prompt + Completion);
        writer.WriteEndObject();
    }
}
