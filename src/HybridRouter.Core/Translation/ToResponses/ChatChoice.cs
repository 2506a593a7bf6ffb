using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToResponses;

/// <summary>The one choice of a chunk.</summary>
internal static class ChatChoice
{
    /// <param name="logProbs">An object whose <c>logprobs</c> are those of the delta's tokens, or nothing.</param>
    /// <param name="includesUsage">The client asked for usage: all chunks but the last then say null.</param>
    public static void Write(Utf8JsonWriter writer, Action<Utf8JsonWriter> delta, string? finish, JsonElement logProbs, bool includesUsage)
    {
        writer.WriteStartArray("choices");
        writer.WriteStartObject();
        writer.WriteNumber("index", 0);
        writer.WriteStartObject("delta");
        delta(writer);
        writer.WriteEndObject();
        var entries = logProbs.Items("logprobs").ToList();
        if (entries.Count == 0)
        {
            writer.WriteNull("logprobs");
        }
        else
        {
            writer.WriteStartObject("logprobs");
            writer.WriteStartArray("content");
            foreach (var entry in entries)
                writer.WriteValue(entry);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        if (finish is null)
            writer.WriteNull("finish_reason");
        else
            writer.WriteString("finish_reason", finish);
        writer.WriteEndObject();
        writer.WriteEndArray();
        if (includesUsage)
            writer.WriteNull("usage");
    }
}
