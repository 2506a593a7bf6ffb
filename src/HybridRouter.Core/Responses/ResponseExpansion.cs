using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Responses;

/// <summary>Writes a conversation out in full, so that it can go to any backend, whoever answered its earlier turns.</summary>
public static class ResponseExpansion
{
    /// <summary>
    /// Items that only the backend which wrote them understands. Reasoning is among them unless it is carried along
    /// encrypted; what hosted tools found stands in the assistant's text.
    /// </summary>
    private static readonly HashSet<string> Private = new(StringComparer.Ordinal)
    {
        "reasoning", "web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_list_tools", "mcp_call", "tool_search_call",
    };

    /// <summary>The id of the response that a request continues, or null.</summary>
    /// <exception cref="ApiException">400 when it is no string, or given together with a conversation.</exception>
    public static string? PreviousId(JsonBody body)
    {
        if (body.Root.Get("previous_response_id") is not { } previous)
            return null;
        if (previous.ValueKind != JsonValueKind.String)
            throw new ApiException(ApiError.Invalid("'previous_response_id' must be a string.", "previous_response_id"));
        if (body.Root.Get("conversation") is not null)
            throw new ApiException(ApiError.Invalid("'conversation' cannot be used together with 'previous_response_id'.", "conversation"));
        return StreamText.Decode(previous);
    }

    /// <summary>The same request without <c>previous_response_id</c>: its <c>input</c> is the history and then its own items.</summary>
    /// <exception cref="ApiException">400 when <c>input</c> is neither a string nor an array.</exception>
    public static JsonBody Expand(JsonBody body, ConversationHistory history)
    {
        var input = body.Root.Get("input");
        if (input is { ValueKind: not (JsonValueKind.String or JsonValueKind.Array) })
            throw new ApiException(ApiError.Invalid("'input' must be a string or an array of items.", "input"));
        return JsonBody.Parse(WireJson.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in body.Root.EnumerateObject())
            {
                if (member.Name is "input" or "previous_response_id")
                    continue;
                writer.WritePropertyName(member.Name);
                writer.WriteValue(member.Value);
            }
            writer.WriteStartArray("input");
            foreach (var item in history.Items)
                WritePortable(writer, item);
            if (input is { ValueKind: JsonValueKind.String } text)
                InputItems.WriteMessage(writer, "user", text, newId: null);
            else if (input is { } items)
            {
                foreach (var item in items.EnumerateArray())
                    writer.WriteValue(item);
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }));
    }

    private static void WritePortable(Utf8JsonWriter writer, ReadOnlyMemory<byte> utf8)
    {
        using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        var item = document.RootElement;
        var type = item.Text("type") ?? "message";
        var encrypted = item.Get("encrypted_content") is not null;
        if (Private.Contains(type) && !encrypted)
            return;
        // An upstream looks an id up in its own store, where an item of ours or of another upstream is not.
        var dropsId = type is "message" or "function_call" or "custom_tool_call" || type.EndsWith("_output", StringComparison.Ordinal) || encrypted;
        writer.WriteStartObject();
        foreach (var member in item.EnumerateObject())
        {
            if (dropsId && member.Name is ("id" or "status"))
                continue;
            writer.WritePropertyName(member.Name);
            writer.WriteValue(member.Value);
        }
        writer.WriteEndObject();
    }
}
