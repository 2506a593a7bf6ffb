using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>Writes the chat completions request that means what a Responses request means.</summary>
internal static class ChatRequest
{
    /// <summary>
    /// Members that both wires share, and those that local servers read beyond them. All others are left out: they have
    /// no meaning in chat completions (truncation, include, client_metadata) or are the router's own (store).
    /// </summary>
    private static readonly string[] Carried =
    [
        "temperature", "top_p", "stop", "seed", "user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "service_tier", "frequency_penalty", "presence_penalty", "logit_bias", "moderation",
        "top_k", "min_p", "repeat_penalty", "repetition_penalty", "chat_template_kwargs",
    ];

    public static ReadOnlyMemory<byte> Write(JsonElement request, ToolNames names) => WireJson.Write(writer =>
    {
        // The tools come first, since they settle the names that calls in the history go by.
        var tools = new ChatTools(request, names);
        writer.WriteStartObject();
        writer.Copy(request, "model");
        writer.WriteStartArray("messages");
        foreach (var turn in ChatConversation.Read(request, names))
            turn.Write(writer);
        writer.WriteEndArray();
        tools.Write(writer);
        foreach (var name in Carried)
            writer.Copy(request, name);
        // Local servers read the old name, OpenAI's reasoning models only the new one.
        writer.Copy(request, "max_output_tokens", "max_completion_tokens");
        writer.Copy(request, "max_output_tokens", "max_tokens");
        if (request.Get("reasoning") is { } reasoning)
            writer.Copy(reasoning, "effort", "reasoning_effort");
        if (request.Get("text") is { } text)
            WriteText(writer, text);
        WriteLogProbs(writer, request);
        if (request.IsTrue("stream"))
        {
            writer.WriteBoolean("stream", true);
            writer.WriteStartObject("stream_options");
            writer.WriteBoolean("include_usage", true);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    });

    private static void WriteText(Utf8JsonWriter writer, JsonElement text)
    {
        writer.Copy(text, "verbosity");
        if (text.Get("format") is not { } format)
            return;
        switch (format.Text("type"))
        {
            case "json_object":
                writer.WriteStartObject("response_format");
                writer.WriteString("type", "json_object");
                writer.WriteEndObject();
                break;
            case "json_schema":
                writer.WriteStartObject("response_format");
                writer.WriteString("type", "json_schema");
                writer.WriteStartObject("json_schema");
                foreach (var name in (string[])["name", "description", "schema", "strict"])
                    writer.Copy(format, name);
                writer.WriteEndObject();
                writer.WriteEndObject();
                break;
        }
    }

    private static void WriteLogProbs(Utf8JsonWriter writer, JsonElement request)
    {
        var included = request.Items("include").Any(i => i.ValueKind == JsonValueKind.String && i.ValueEquals("message.output_text.logprobs"));
        if (!included && ((JsonElement?)request).Number("top_logprobs") == 0)
            return;
        writer.WriteBoolean("logprobs", true);
        writer.Copy(request, "top_logprobs");
    }
}
