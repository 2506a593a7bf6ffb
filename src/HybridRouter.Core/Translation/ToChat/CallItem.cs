using System.Text;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>A tool call. Its item opens once the name is known; arguments that came earlier are kept until then.</summary>
internal sealed class CallItem(ResponseEvents events, List<OutputItem> output, string id, string callId, ToolNames names) : OutputItem(events, output)
{
    private readonly StreamText _decoder = new();
    private readonly StringBuilder _arguments = new();
    private ToolName? _tool;

    public bool IsNamed => _tool is not null;

    protected override string Id => (IsCustom ? "ctc_" : "fc_") + id;

    private bool IsCustom => _tool?.Kind == ToolKind.Custom;

    /// <summary>Tells the name. Servers that repeat it are listened to once.</summary>
    public void Name(string flat)
    {
        if (IsNamed)
            return;
        _tool = names.Original(flat);
        Open();
        Send(_arguments.ToString());
    }

    public void Push(JsonElement arguments)
    {
        // Some servers send the arguments as the object itself instead of its text.
        var text = arguments.ValueKind == JsonValueKind.String ? _decoder.Push(arguments) : Encoding.UTF8.GetString(WireJson.Raw(arguments));
        _arguments.Append(text);
        if (IsNamed)
            Send(text);
    }

    protected override void BeforeClose()
    {
        var rest = _decoder.Flush();
        // Clients parse the arguments, and an empty text is no JSON.
        if (!IsCustom && _arguments.Length + rest.Length == 0)
            rest = "{}";
        _arguments.Append(rest);
        Send(rest);
        if (!IsCustom)
        {
            Emit("response.function_call_arguments.done", writer =>
            {
                writer.WriteString("name", _tool!.Value.Name);
                writer.WriteString("arguments", _arguments.ToString());
            });
            return;
        }
        // The free text stands inside a JSON string that is known whole only now.
        var input = CustomInput.Unwrap(_arguments.ToString());
        if (input.Length > 0)
            Emit("response.custom_tool_call_input.delta", writer => writer.WriteString("delta", input));
        Emit("response.custom_tool_call_input.done", writer => writer.WriteString("input", input));
    }

    protected override void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("type", IsCustom ? "custom_tool_call" : "function_call");
        writer.WriteString("call_id", callId);
        writer.WriteString("name", _tool!.Value.Name);
        if (_tool.Value.Namespace is { } space)
            writer.WriteString("namespace", space);
        if (IsCustom)
            writer.WriteString("input", IsClosed ? CustomInput.Unwrap(_arguments.ToString()) : "");
        else
            writer.WriteString("arguments", IsClosed ? _arguments.ToString() : "");
    }

    private void Send(string delta)
    {
        if (delta.Length > 0 && !IsCustom)
            Emit("response.function_call_arguments.delta", writer => writer.WriteString("delta", delta));
    }
}
