using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToResponses;

/// <summary>Makes input items of chat messages.</summary>
internal static class InputItems
{
    public static void Write(Utf8JsonWriter writer, JsonElement request)
    {
        // Results name their call only, so the kind of each call is remembered.
        var customCalls = new HashSet<string>(StringComparer.Ordinal);
        writer.WriteStartArray("input");
        var index = 0;
        foreach (var message in request.Items("messages"))
            WriteMessage(writer, message, $"messages[{index++}]", customCalls);
        writer.WriteEndArray();
    }

    private static void WriteMessage(Utf8JsonWriter writer, JsonElement message, string path, HashSet<string> customCalls)
    {
        var role = message.Text("role") ?? "user";
        if (role == "tool")
        {
            var id = Required(message, path, "tool_call_id");
            writer.WriteStartObject();
            writer.WriteString("type", customCalls.Contains(id) ? "custom_tool_call_output" : "function_call_output");
            writer.WriteString("call_id", id);
            writer.WritePropertyName("output");
            WriteContent(writer, message, role);
            writer.WriteEndObject();
            return;
        }
        if (role == "function" || message.Get("function_call") is not null)
            throw new ApiException(ApiError.Invalid($"'{path}' uses the retired function calling, which this model does not take; use 'tool_calls' and the role 'tool'.", path));
        if (HasContent(message) || role != "assistant")
        {
            writer.WriteStartObject();
            writer.WriteString("type", "message");
            writer.WriteString("role", role);
            writer.WritePropertyName("content");
            WriteContent(writer, message, role);
            writer.WriteEndObject();
        }
        var index = 0;
        foreach (var call in message.Items("tool_calls"))
            WriteCall(writer, call, $"{path}.tool_calls[{index++}]", customCalls);
    }

    private static void WriteCall(Utf8JsonWriter writer, JsonElement call, string path, HashSet<string> customCalls)
    {
        var id = Required(call, path, "id");
        var isCustom = call.Text("type") == "custom";
        var called = call.Get(isCustom ? "custom" : "function") ?? default;
        if (isCustom)
            customCalls.Add(id);
        writer.WriteStartObject();
        writer.WriteString("type", isCustom ? "custom_tool_call" : "function_call");
        writer.WriteString("call_id", id);
        writer.WriteString("name", Required(called, path, "name"));
        if (isCustom)
            writer.WriteString("input", called.Text("input") ?? "");
        else
            writer.WriteString("arguments", called.Text("arguments") ?? "{}");
        writer.WriteEndObject();
    }

    private static bool HasContent(JsonElement message) => message.Get("content") switch
    {
        { ValueKind: JsonValueKind.String } text => !text.ValueEquals(""),
        { ValueKind: JsonValueKind.Array } parts => parts.GetArrayLength() > 0,
        _ => message.Get("refusal", JsonValueKind.String) is not null,
    };

    private static void WriteContent(Utf8JsonWriter writer, JsonElement message, string role)
    {
        if (message.Get("content", JsonValueKind.Array) is null)
        {
            writer.WriteStringValue(message.Text("content") ?? message.Text("refusal") ?? "");
            return;
        }
        writer.WriteStartArray();
        foreach (var part in message.Items("content"))
            WritePart(writer, part, role);
        writer.WriteEndArray();
    }

    private static void WritePart(Utf8JsonWriter writer, JsonElement part, string role)
    {
        var type = part.Text("type");
        if (type is not ("text" or "refusal" or "image_url" or "file" or "input_audio"))
            return;
        writer.WriteStartObject();
        switch (type)
        {
            case "text":
                writer.WriteString("type", role == "assistant" ? "output_text" : "input_text");
                writer.WriteString("text", part.Text("text") ?? "");
                break;
            case "refusal":
                writer.WriteString("type", "refusal");
                writer.WriteString("refusal", part.Text("refusal") ?? "");
                break;
            case "image_url":
                var image = part.Get("image_url") ?? default;
                writer.WriteString("type", "input_image");
                writer.WriteString("image_url", image.ValueKind == JsonValueKind.String ? StreamText.Decode(image) : image.Text("url") ?? "");
                writer.Copy(image, "detail");
                break;
            case "file":
                var file = part.Get("file") ?? default;
                writer.WriteString("type", "input_file");
                foreach (var name in (string[])["filename", "file_data", "file_id"])
                    writer.Copy(file, name);
                break;
            default:
                writer.WriteString("type", "input_audio");
                writer.Copy(part, "input_audio");
                break;
        }
        writer.WriteEndObject();
    }

    private static string Required(JsonElement item, string path, string name) =>
        item.Text(name) is { Length: > 0 } value ? value : throw new ApiException(ApiError.Invalid($"'{path}.{name}' is required: a string.", $"{path}.{name}"));
}
