using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>Writes Response objects: what the request said is repeated, as clients expect, and the rest filled in.</summary>
internal sealed class ResponseTemplate
{
    /// <summary>Members that a response repeats, with the values they have when the request does not name them.</summary>
    private static readonly (string Name, string Default)[] Repeated =
    [
        ("instructions", "null"), ("max_output_tokens", "null"), ("max_tool_calls", "null"), ("metadata", "{}"), ("parallel_tool_calls", "true"),
        ("previous_response_id", "null"), ("prompt_cache_key", "null"), ("safety_identifier", "null"), ("store", "true"), ("temperature", "1"),
        ("tool_choice", "\"auto\""), ("tools", "[]"), ("top_logprobs", "0"), ("top_p", "1"), ("truncation", "\"disabled\""), ("user", "null"),
    ];

    private readonly byte[] _repeated;
    private readonly string _id;
    private readonly DateTimeOffset _created;
    private readonly TimeProvider _time;

    public ResponseTemplate(JsonElement request, TimeProvider time, string id)
    {
        (_id, _time, _created) = (id, time, time.GetUtcNow());
        Model = request.Text("model") ?? "";
        // Taken now: the request's document does not live as long as the answer.
        _repeated = WireJson.Write(writer => WriteRepeated(writer, request)).ToArray();
    }

    /// <summary>The model that answers: the request's until the backend names its own.</summary>
    public string Model { get; set; }

    /// <summary>The tier that the backend says it used.</summary>
    public byte[]? ServiceTier { get; set; }

    /// <param name="status">As on the wire.</param>
    /// <param name="incomplete">Why it is incomplete, or null.</param>
    /// <param name="error">Code and message of a failure, or null.</param>
    public void Write(Utf8JsonWriter writer, string status, IEnumerable<OutputItem> output, ChatUsage? usage, string? incomplete = null, (string Code, string Message)? error = null)
    {
        writer.WriteStartObject();
        writer.WriteString("id", _id);
        writer.WriteString("object", "response");
        writer.WriteNumber("created_at", _created.ToUnixTimeSeconds());
        writer.WriteString("status", status);
        writer.WriteBoolean("background", false);
        if (status == "completed")
            writer.WriteNumber("completed_at", _time.GetUtcNow().ToUnixTimeSeconds());
        else
            writer.WriteNull("completed_at");
        writer.WritePropertyName("error");
        WriteError(writer, error);
        writer.WritePropertyName("incomplete_details");
        WriteIncomplete(writer, incomplete);
        writer.WriteString("model", Model);
        writer.WriteStartArray("output");
        foreach (var item in output)
            item.Write(writer);
        writer.WriteEndArray();
        using (var repeated = JsonDocument.Parse(_repeated))
        {
            foreach (var member in repeated.RootElement.EnumerateObject())
            {
                writer.WritePropertyName(member.Name);
                writer.WriteValue(member.Value);
            }
        }
        writer.WritePropertyName("service_tier");
        writer.WriteRawValue(ServiceTier ?? "\"default\""u8, skipInputValidation: true);
        writer.WritePropertyName("usage");
        if (usage is { } counted)
            counted.WriteAsResponse(writer);
        else
            writer.WriteNullValue();
        writer.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter writer, (string Code, string Message)? error)
    {
        if (error is not { } failed)
        {
            writer.WriteNullValue();
            return;
        }
        writer.WriteStartObject();
        writer.WriteString("code", failed.Code);
        writer.WriteString("message", failed.Message);
        writer.WriteEndObject();
    }

    private static void WriteIncomplete(Utf8JsonWriter writer, string? reason)
    {
        if (reason is null)
        {
            writer.WriteNullValue();
            return;
        }
        writer.WriteStartObject();
        writer.WriteString("reason", reason);
        writer.WriteEndObject();
    }

    private static void WriteRepeated(Utf8JsonWriter writer, JsonElement request)
    {
        writer.WriteStartObject();
        foreach (var (name, fallback) in Repeated)
        {
            writer.WritePropertyName(name);
            if (request.Get(name) is { } given)
                writer.WriteValue(given);
            else
                writer.WriteRawValue(fallback);
        }
        var reasoning = request.Get("reasoning", JsonValueKind.Object) ?? default;
        writer.WriteStartObject("reasoning");
        foreach (var name in (string[])["effort", "summary"])
        {
            if (reasoning.Get(name) is null)
                writer.WriteNull(name);
            writer.Copy(reasoning, name);
        }
        writer.WriteEndObject();
        var text = request.Get("text", JsonValueKind.Object) ?? default;
        writer.WriteStartObject("text");
        if (text.Get("format") is null)
        {
            writer.WriteStartObject("format");
            writer.WriteString("type", "text");
            writer.WriteEndObject();
        }
        writer.Copy(text, "format");
        writer.Copy(text, "verbosity");
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
