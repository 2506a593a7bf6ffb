using System.Runtime.InteropServices;
using System.Text.Json;

namespace HybridRouter.Simulator.Apis;

/// <summary>JSON of response objects and their output items.</summary>
internal static class ResponseWriter
{
    public static void Response(Utf8JsonWriter json, ResponseDraft draft, ResponseStatus status)
    {
        json.WriteStartObject();
        json.WriteString("id", draft.Id);
        json.WriteString("object", "response");
        json.WriteNumber("created_at", draft.CreatedAt);
        json.WriteString("status", status.Name);
        json.WriteBoolean("background", draft.Background);
        WriteError(json, status);
        WriteIncomplete(json, status);
        Echo(json, draft.Body, "instructions", "null"u8);
        Echo(json, draft.Body, "max_output_tokens", "null"u8);
        Echo(json, draft.Body, "max_tool_calls", "null"u8);
        json.WriteString("model", draft.Model);
        json.WriteStartArray("output");
        if (status.HasOutput)
        {
            if (draft.ReasoningId is not null)
                Reasoning(json, draft, done: true);
            Item(json, draft, done: true);
        }
        json.WriteEndArray();
        Echo(json, draft.Body, "parallel_tool_calls", "true"u8);
        Echo(json, draft.Body, "previous_response_id", "null"u8);
        Echo(json, draft.Body, "prompt_cache_key", "null"u8);
        Echo(json, draft.Body, "reasoning", """{"effort":null,"summary":null}"""u8);
        Echo(json, draft.Body, "safety_identifier", "null"u8);
        json.WriteString("service_tier", "default");
        Echo(json, draft.Body, "store", "true"u8);
        Echo(json, draft.Body, "temperature", "1"u8);
        Echo(json, draft.Body, "text", """{"format":{"type":"text"}}"""u8);
        Echo(json, draft.Body, "tool_choice", "\"auto\""u8);
        Echo(json, draft.Body, "tools", "[]"u8);
        Echo(json, draft.Body, "top_p", "1"u8);
        Echo(json, draft.Body, "truncation", "\"disabled\""u8);
        WriteUsage(json, draft, status);
        Echo(json, draft.Body, "user", "null"u8);
        Echo(json, draft.Body, "metadata", "{}"u8);
        json.WriteEndObject();
    }

    /// <summary>The message or the function call; not done means in progress and empty.</summary>
    public static void Item(Utf8JsonWriter json, ResponseDraft draft, bool done)
    {
        json.WriteStartObject();
        json.WriteString("id", draft.ItemId);
        json.WriteString("type", draft.Answer.Call is null ? "message" : "function_call");
        json.WriteString("status", !done ? "in_progress" : draft.FinalStatus);
        if (draft.Answer.Call is { } call)
        {
            json.WriteString("call_id", draft.CallId);
            json.WriteString("name", call.Name);
            json.WriteString("arguments", done ? call.Arguments : "");
        }
        else
        {
            json.WriteString("role", "assistant");
            json.WriteStartArray("content");
            if (done)
                TextPart(json, draft.Answer.Text);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    public static void Reasoning(Utf8JsonWriter json, ResponseDraft draft, bool done)
    {
        json.WriteStartObject();
        json.WriteString("id", draft.ReasoningId);
        json.WriteString("type", "reasoning");
        json.WriteStartArray("summary");
        if (done && draft.ReasoningSummary is { } summary)
            SummaryPart(json, summary);
        json.WriteEndArray();
        if (draft.EncryptedReasoning)
            json.WriteString("encrypted_content", done ? "c2ltdWxhdGVk" : "");
        json.WriteEndObject();
    }

    public static void SummaryPart(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "summary_text");
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    public static void TextPart(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "output_text");
        json.WriteStartArray("annotations");
        json.WriteEndArray();
        json.WriteStartArray("logprobs");
        json.WriteEndArray();
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter json, ResponseStatus status)
    {
        if (status.Error is not { } error)
        {
            json.WriteNull("error");
            return;
        }
        json.WriteStartObject("error");
        json.WriteString("code", error.Code);
        json.WriteString("message", error.Message);
        json.WriteEndObject();
    }

    private static void WriteIncomplete(Utf8JsonWriter json, ResponseStatus status)
    {
        if (status.Name != "incomplete")
        {
            json.WriteNull("incomplete_details");
            return;
        }
        json.WriteStartObject("incomplete_details");
        json.WriteString("reason", "max_output_tokens");
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, ResponseDraft draft, ResponseStatus status)
    {
        if (!status.HasOutput)
        {
            json.WriteNull("usage");
            return;
        }
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", draft.InputTokens);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", draft.CachedTokens);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", draft.Answer.OutputTokens);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", draft.Answer.ReasoningTokens);
        json.WriteEndObject();
        json.WriteNumber("total_tokens", draft.InputTokens + draft.Answer.OutputTokens);
        json.WriteEndObject();
    }

    /// <summary>A member as the request had it.</summary>
    private static void Echo(Utf8JsonWriter json, JsonElement body, string name, ReadOnlySpan<byte> otherwise)
    {
        json.WritePropertyName(name);
        var given = body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
        var raw = given ? JsonMarshal.GetRawUtf8Value(value) : otherwise;
        // Bytes are copied where they can be, but a line break between members would end the line of a server-sent event.
        if (raw.ContainsAny((byte)'\n', (byte)'\r'))
            value.WriteTo(json);
        else
            json.WriteRawValue(raw, skipInputValidation: true);
    }
}
