using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Responses;

/// <summary>The items of a request in the form that they are stored and listed in: typed, with ids, message content in parts.</summary>
internal static class InputItems
{
    /// <param name="input">The request's <c>input</c>: a string, an array of items, or nothing.</param>
    public static ReadOnlyMemory<byte> Normalize(JsonElement? input, Func<string> newId) => WireJson.Write(writer =>
    {
        writer.WriteStartArray();
        if (input is { ValueKind: JsonValueKind.String } text)
            WriteMessage(writer, "user", text, newId);
        else if (input is { ValueKind: JsonValueKind.Array } items)
        {
            foreach (var item in items.EnumerateArray())
                WriteItem(writer, item, newId);
        }
        writer.WriteEndArray();
    });

    /// <summary>A text as a message item.</summary>
    public static void WriteMessage(Utf8JsonWriter writer, string role, JsonElement text, Func<string>? newId)
    {
        writer.WriteStartObject();
        if (newId is not null)
            writer.WriteString("id", "msg_" + newId());
        writer.WriteString("type", "message");
        writer.WriteString("role", role);
        writer.WritePropertyName("content");
        WriteText(writer, role, text);
        writer.WriteEndObject();
    }

    private static void WriteItem(Utf8JsonWriter writer, JsonElement item, Func<string> newId)
    {
        if (item.ValueKind != JsonValueKind.Object)
            return;
        var type = item.Text("type") ?? "message";
        writer.WriteStartObject();
        if (item.Get("id") is null)
            writer.WriteString("id", Prefix(type) + newId());
        if (item.Get("type") is null)
            writer.WriteString("type", type);
        foreach (var member in item.EnumerateObject())
        {
            if (member.Name is "id" or "type" && member.Value.ValueKind == JsonValueKind.Null)
                continue;
            writer.WritePropertyName(member.Name);
            // SDKs read content of listed messages as parts only.
            if (type == "message" && member.Name == "content" && member.Value.ValueKind == JsonValueKind.String)
                WriteText(writer, item.Text("role") ?? "user", member.Value);
            else
                writer.WriteValue(member.Value);
        }
        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, string role, JsonElement text)
    {
        writer.WriteStartArray();
        writer.WriteStartObject();
        writer.WriteString("type", role == "assistant" ? "output_text" : "input_text");
        writer.WritePropertyName("text");
        writer.WriteValue(text);
        if (role == "assistant")
        {
            writer.WriteStartArray("annotations");
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private static string Prefix(string type) => type switch
    {
        "message" => "msg_",
        "function_call" => "fc_",
        "custom_tool_call" => "ctc_",
        "reasoning" => "rs_",
        _ => "item_",
    };
}
