using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToResponses;

/// <summary>Chat tools in the flat shape of Responses.</summary>
internal static class FlatTools
{
    public static void Write(Utf8JsonWriter writer, JsonElement request)
    {
        var search = request.Get("web_search_options", JsonValueKind.Object);
        var tools = request.Items("tools").ToList();
        if (tools.Count == 0 && search is null)
            return;
        writer.WriteStartArray("tools");
        foreach (var tool in tools)
            WriteTool(writer, tool);
        if (search is { } options)
            WriteSearch(writer, options);
        writer.WriteEndArray();
        if (request.Get("tool_choice") is { } choice)
        {
            writer.WritePropertyName("tool_choice");
            WriteChoice(writer, choice);
        }
        writer.Copy(request, "parallel_tool_calls");
    }

    private static void WriteTool(Utf8JsonWriter writer, JsonElement tool)
    {
        writer.WriteStartObject();
        writer.Copy(tool, "type");
        if (tool.Text("type") == "custom")
        {
            var custom = tool.Get("custom") ?? default;
            writer.Copy(custom, "name");
            writer.Copy(custom, "description");
            if (custom.Get("format", JsonValueKind.Object) is { } format)
                WriteFormat(writer, format);
        }
        else
        {
            var function = tool.Get("function") ?? default;
            writer.Copy(function, "name");
            writer.Copy(function, "description");
            if (function.Get("parameters") is null)
                writer.WriteNull("parameters");
            writer.Copy(function, "parameters");
            // Responses is strict unless told otherwise, chat completions the other way round.
            writer.WriteBoolean("strict", function.IsTrue("strict"));
        }
        writer.WriteEndObject();
    }

    private static void WriteFormat(Utf8JsonWriter writer, JsonElement format)
    {
        writer.WriteStartObject("format");
        writer.Copy(format, "type");
        var grammar = format.Get("grammar") ?? default;
        writer.Copy(grammar, "syntax");
        writer.Copy(grammar, "definition");
        writer.WriteEndObject();
    }

    private static void WriteSearch(Utf8JsonWriter writer, JsonElement options)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "web_search");
        writer.Copy(options, "search_context_size");
        if (options.Get("user_location", JsonValueKind.Object) is { } location)
        {
            writer.WriteStartObject("user_location");
            writer.WriteString("type", "approximate");
            foreach (var name in (string[])["city", "country", "region", "timezone"])
                writer.Copy(location.Get("approximate") ?? default, name);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter writer, JsonElement choice)
    {
        if (choice.ValueKind != JsonValueKind.Object)
        {
            writer.WriteValue(choice);
            return;
        }
        writer.WriteStartObject();
        writer.Copy(choice, "type");
        if (choice.Get("allowed_tools", JsonValueKind.Object) is { } allowed)
        {
            writer.Copy(allowed, "mode");
            writer.WriteStartArray("tools");
            foreach (var tool in allowed.Items("tools"))
                WriteNamed(writer, tool);
            writer.WriteEndArray();
        }
        else
        {
            WriteName(writer, choice);
        }
        writer.WriteEndObject();
    }

    private static void WriteNamed(Utf8JsonWriter writer, JsonElement tool)
    {
        writer.WriteStartObject();
        writer.Copy(tool, "type");
        WriteName(writer, tool);
        writer.WriteEndObject();
    }

    private static void WriteName(Utf8JsonWriter writer, JsonElement tool) =>
        writer.Copy(tool.Get("function") ?? tool.Get("custom") ?? tool, "name");
}
