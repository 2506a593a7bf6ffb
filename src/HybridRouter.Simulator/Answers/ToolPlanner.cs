using System.Text.Json;

namespace HybridRouter.Simulator.Answers;

/// <summary>Decides whether the answer is a tool call, of which tool, and with which harmless arguments.</summary>
internal static class ToolPlanner
{
    /// <summary>Documented in docs/simulated-cloud.md.</summary>
    private static readonly string[] Triggers =
        ["use a tool", "use the tool", "use your tools", "call a tool", "call the tool", "run the command", "run a command"];

    private static readonly string[] CommandWords = ["exec", "shell", "command", "bash", "run"];

    /// <summary>Null: answer with text. After a tool result it always is, so that no loop has no end.</summary>
    public static ToolCall? Plan(Conversation conversation)
    {
        if (conversation.Tools.Count == 0 || conversation.ToolResult is not null || conversation.ToolChoice == "none")
            return null;
        var tool = conversation.ToolChoice is "auto" or "required" ? null : Named(conversation, conversation.ToolChoice);
        if (tool is null)
        {
            if (conversation.ToolChoice != "required" && !Asked(conversation.UserText))
                return null;
            tool = Choose(conversation);
        }
        return new ToolCall(tool.Name, Arguments(tool, conversation.UserText));
    }

    private static bool Asked(string text) => Triggers.Any(t => text.Contains(t, StringComparison.OrdinalIgnoreCase));

    private static ToolOffer? Named(Conversation conversation, string name) => conversation.Tools.FirstOrDefault(t => t.Name == name);

    /// <summary>A tool that the text names, else one that runs commands, else the first.</summary>
    private static ToolOffer Choose(Conversation conversation) =>
        conversation.Tools.FirstOrDefault(t => conversation.UserText.Contains(t.Name, StringComparison.OrdinalIgnoreCase))
        ?? Named(conversation, "exec_command")
        ?? conversation.Tools.FirstOrDefault(t => CommandWords.Any(w => t.Name.Contains(w, StringComparison.OrdinalIgnoreCase)))
        ?? conversation.Tools[0];

    private static string Arguments(ToolOffer tool, string text) =>
        tool.Parameters.ValueKind == JsonValueKind.Object ? SchemaSample.Text(tool.Parameters, text) : "{}";
}
