using System.Text.Json;

namespace HybridRouter.Translation.ToChat;

/// <summary>One piece of a message: text, or a part of another kind as chat completions writes it.</summary>
internal readonly record struct ChatPart(string? Text, Action<Utf8JsonWriter>? Other = null);

/// <param name="Arguments">JSON text.</param>
internal readonly record struct ChatCall(string Id, string Name, string Arguments);

/// <summary>One chat message under construction.</summary>
internal sealed class ChatTurn(string role)
{
    public string Role { get; } = role;

    public List<ChatPart> Parts { get; } = [];

    public List<ChatCall> Calls { get; } = [];

    /// <summary>Of a tool message: the call it answers.</summary>
    public string? CallId { get; init; }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("role", Role);
        if (CallId is not null)
            writer.WriteString("tool_call_id", CallId);
        writer.WritePropertyName("content");
        WriteContent(writer);
        if (Calls.Count > 0)
            WriteCalls(writer);
        writer.WriteEndObject();
    }

    private void WriteContent(Utf8JsonWriter writer)
    {
        if (Parts.Count == 0 && Calls.Count > 0)
        {
            writer.WriteNullValue();
            return;
        }
        // Plain text is sent as a string: many chat templates of local models cannot read parts.
        if (Parts.All(p => p.Other is null))
        {
            writer.WriteStringValue(string.Join(Role == "assistant" ? "" : "\n", Parts.Select(p => p.Text)));
            return;
        }
        writer.WriteStartArray();
        foreach (var part in Parts)
        {
            writer.WriteStartObject();
            if (part.Other is { } write)
            {
                write(writer);
            }
            else
            {
                writer.WriteString("type", "text");
                writer.WriteString("text", part.Text);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private void WriteCalls(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("tool_calls");
        foreach (var call in Calls)
        {
            writer.WriteStartObject();
            writer.WriteString("id", call.Id);
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", call.Name);
            writer.WriteString("arguments", call.Arguments);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
