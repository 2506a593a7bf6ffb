using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToResponses;

/// <summary>How a kind of call is written in chat completions.</summary>
/// <param name="Type">The call's type, and the name of the member that describes it.</param>
/// <param name="Payload">What the model wrote: same name on both wires.</param>
internal sealed record CallShape(string Type, string Payload)
{
    private static readonly CallShape Function = new("function", "arguments");
    private static readonly CallShape Custom = new("custom", "input");

    /// <summary>Null for items that are no calls of the client's tools.</summary>
    public static CallShape? Of(JsonElement item) => item.Text("type") switch
    {
        "function_call" => Function,
        "custom_tool_call" => Custom,
        _ => null,
    };

    /// <summary>Id, type and name, and the payload or its beginning.</summary>
    public void WriteHead(Utf8JsonWriter writer, JsonElement item, string payload)
    {
        writer.WriteString("id", item.Text("call_id") ?? item.Text("id") ?? "");
        writer.WriteString("type", Type);
        writer.WriteStartObject(Type);
        writer.WriteString("name", item.Text("name") ?? "");
        writer.WriteString(Payload, payload);
        writer.WriteEndObject();
    }
}
