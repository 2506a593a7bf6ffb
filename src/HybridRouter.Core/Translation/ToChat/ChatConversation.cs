using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>Makes chat messages of <c>instructions</c> and input items.</summary>
internal sealed class ChatConversation
{
    private readonly ToolNames _names;
    private readonly List<ChatTurn> _turns = [];
    private readonly List<ChatPart> _toolImages = [];

    private ChatConversation(ToolNames names) => _names = names;

    public static IReadOnlyList<ChatTurn> Read(JsonElement request, ToolNames names)
    {
        var conversation = new ChatConversation(names);
        if (request.Text("instructions") is { Length: > 0 } instructions)
            conversation.Begin("system").Parts.Add(new(instructions));
        if (request.Text("input") is { } text)
            conversation.Begin("user").Parts.Add(new(text));
        var index = 0;
        foreach (var item in request.Items("input"))
            conversation.Add(item, $"input[{index++}]");
        conversation.FlushToolImages();
        conversation.MergeLeadingSystem();
        return conversation._turns;
    }

    private void Add(JsonElement item, string path)
    {
        switch (item.Text("type") ?? "message")
        {
            case "message":
                AddMessage(item, path);
                break;
            case "function_call":
                var function = new ToolName(ToolKind.Function, item.Text("namespace"), Required(item, path, "name"));
                AddCall(item, path, function, item.Text("arguments") is { Length: > 0 } arguments ? arguments : "{}");
                break;
            case "custom_tool_call":
                var custom = new ToolName(ToolKind.Custom, item.Text("namespace"), Required(item, path, "name"));
                AddCall(item, path, custom, CustomInput.Wrap(item.Text("input") ?? ""));
                break;
            case "function_call_output" or "custom_tool_call_output":
                AddOutput(item, path);
                break;
            default:
                // Reasoning is of use to the model that wrote it only. Traces of hosted tools and references to stored
                // items mean nothing to a local engine; what came of them stands in the assistant's text.
                break;
        }
    }

    private void AddMessage(JsonElement item, string path)
    {
        var role = item.Text("role") switch
        {
            "developer" or "system" => "system",
            "assistant" => "assistant",
            _ => "user",
        };
        var turn = role == "assistant" && _turns.Count > 0 && _turns[^1] is { Role: "assistant", Parts.Count: 0 } open ? open : Begin(role);
        turn.Parts.AddRange(ChatParts.Read(item, "content", path));
    }

    private void AddCall(JsonElement item, string path, ToolName tool, string arguments)
    {
        // Text and calls of one model answer belong to one chat message.
        var turn = _turns.Count > 0 && _turns[^1].Role == "assistant" ? _turns[^1] : Begin("assistant");
        turn.Calls.Add(new(Required(item, path, "call_id"), _names.Flat(tool), arguments));
    }

    private void AddOutput(JsonElement item, string path)
    {
        var turn = new ChatTurn("tool") { CallId = Required(item, path, "call_id") };
        foreach (var part in ChatParts.Read(item, "output", path))
        {
            if (part.Other is null)
            {
                turn.Parts.Add(part);
                continue;
            }
            // Tool messages hold text only, so images follow as a user message, after the last of the results.
            turn.Parts.Add(new("[The image is attached in the next user message.]"));
            _toolImages.Add(part);
        }
        _turns.Add(turn);
    }

    private ChatTurn Begin(string role)
    {
        FlushToolImages();
        var turn = new ChatTurn(role);
        _turns.Add(turn);
        return turn;
    }

    private void FlushToolImages()
    {
        if (_toolImages.Count == 0)
            return;
        var turn = new ChatTurn("user");
        turn.Parts.AddRange(_toolImages);
        _toolImages.Clear();
        _turns.Add(turn);
    }

    /// <summary>Many chat templates of local models accept one system message only, and only as the first.</summary>
    private void MergeLeadingSystem()
    {
        var count = _turns.TakeWhile(t => t.Role == "system").Count();
        if (count < 2)
            return;
        var merged = new ChatTurn("system");
        merged.Parts.Add(new(string.Join("\n\n", _turns.Take(count).Select(t => string.Join('\n', t.Parts.Select(p => p.Text))))));
        _turns.RemoveRange(0, count);
        _turns.Insert(0, merged);
    }

    private static string Required(JsonElement item, string path, string name) =>
        item.Text(name) is { Length: > 0 } value ? value : throw new ApiException(ApiError.Invalid($"'{path}.{name}' is required: a string.", $"{path}.{name}"));
}
