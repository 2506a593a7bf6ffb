using System.Text;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>A custom tool takes free text; as a chat function it has one string parameter, <c>input</c>.</summary>
internal static class CustomInput
{
    public const string Parameter = "input";

    public static string Wrap(string input) => Encoding.UTF8.GetString(WireJson.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString(Parameter, input);
        writer.WriteEndObject();
    }).Span);

    /// <summary>The free text of a model's call. A model that ignored the parameter and wrote plain text is taken at its word.</summary>
    public static string Unwrap(string arguments)
    {
        try
        {
            using var document = JsonDocument.Parse(arguments);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.String ? StreamText.Decode(root) : root.Text(Parameter) ?? arguments;
        }
        catch (JsonException)
        {
            return arguments;
        }
    }

    public static void WriteSchema(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("parameters");
        writer.WriteString("type", "object");
        writer.WriteStartObject("properties");
        writer.WriteStartObject(Parameter);
        writer.WriteString("type", "string");
        writer.WriteString("description", "The whole input of the tool, as plain text.");
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteStartArray("required");
        writer.WriteStringValue(Parameter);
        writer.WriteEndArray();
        writer.WriteBoolean("additionalProperties", false);
        writer.WriteEndObject();
    }

    /// <summary>A grammar cannot be enforced through chat completions, so the model is told of it.</summary>
    public static string? Describe(JsonElement tool)
    {
        var description = tool.Text("description");
        var format = tool.Get("format", JsonValueKind.Object);
        if (format?.Text("definition") is not { } grammar)
            return description;
        return $"{description}\nThe input must match this {format.Value.Text("syntax") ?? "lark"} grammar:\n{grammar}".Trim();
    }
}
