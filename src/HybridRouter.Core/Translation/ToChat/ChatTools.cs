using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>
/// The tools of a Responses request as chat functions. Namespaces are flattened, custom tools become functions, hosted
/// tools (web search and the like) are left out: Codex offers them with every request, so failing is not an option.
/// </summary>
internal sealed class ChatTools
{
    private readonly List<(string Flat, ToolName Tool, JsonElement Definition)> _tools = [];
    private readonly ToolNames _names;
    private readonly JsonElement _request;

    public ChatTools(JsonElement request, ToolNames names)
    {
        (_request, _names) = (request, names);
        var nested = new List<(string Space, JsonElement Tool)>();
        foreach (var tool in request.Items("tools"))
        {
            if (tool.Text("type") == "namespace" && tool.Text("name") is { Length: > 0 } space)
                nested.AddRange(tool.Items("tools").Select(t => (space, t)));
            else
                Add(tool, null);
        }
        // Plain names go first, so that no flattened one can take theirs.
        foreach (var (space, tool) in nested)
            Add(tool, space);
        if (_request.Get("tool_choice", JsonValueKind.Object) is { } choice && choice.Text("type") == "allowed_tools")
            Restrict(choice);
    }

    public void Write(Utf8JsonWriter writer)
    {
        // Upstreams refuse a tool choice without tools.
        if (_tools.Count == 0)
            return;
        writer.WriteStartArray("tools");
        foreach (var (flat, tool, definition) in _tools)
            WriteTool(writer, flat, tool, definition);
        writer.WriteEndArray();
        WriteChoice(writer);
        writer.Copy(_request, "parallel_tool_calls");
    }

    private void Add(JsonElement tool, string? space)
    {
        if (Kind(tool.Text("type")) is { } kind && tool.Text("name") is { Length: > 0 } name)
            _tools.Add((_names.Flat(new(kind, space, name)), new(kind, space, name), tool));
    }

    private void Restrict(JsonElement choice)
    {
        var allowed = choice.Items("tools").Select(t => (t.Text("namespace"), t.Text("name"))).ToHashSet();
        _tools.RemoveAll(t => !allowed.Contains((t.Tool.Namespace, t.Tool.Name)) && !allowed.Contains((null, t.Tool.Name)));
    }

    private static ToolKind? Kind(string? type) => type switch
    {
        "function" => ToolKind.Function,
        "custom" => ToolKind.Custom,
        _ => null,
    };

    private static void WriteTool(Utf8JsonWriter writer, string flat, ToolName tool, JsonElement definition)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", flat);
        if (tool.Kind == ToolKind.Custom)
        {
            if (CustomInput.Describe(definition) is { } description)
                writer.WriteString("description", description);
            CustomInput.WriteSchema(writer);
        }
        else
        {
            writer.Copy(definition, "description");
            writer.Copy(definition, "parameters");
            writer.Copy(definition, "strict");
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private void WriteChoice(Utf8JsonWriter writer)
    {
        if (_request.Get("tool_choice") is not { } choice)
            return;
        if (choice.ValueKind == JsonValueKind.String)
        {
            writer.Copy(_request, "tool_choice");
        }
        else if (choice.Text("type") == "allowed_tools")
        {
            // Local servers do not know this choice; the other tools were left out instead.
            writer.WriteString("tool_choice", choice.Text("mode") ?? "auto");
        }
        else if (Kind(choice.Text("type")) is { } kind && choice.Text("name") is { } name)
        {
            writer.WriteStartObject("tool_choice");
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", _names.Flat(new(kind, choice.Text("namespace"), name)));
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
    }
}
