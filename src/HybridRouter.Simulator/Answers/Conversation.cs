using System.Text.Json;

namespace HybridRouter.Simulator.Answers;

/// <summary>How the answer must be written.</summary>
internal enum AnswerFormat
{
    Text,
    JsonObject,
    JsonSchema,
}

/// <summary>A tool that the client offers.</summary>
internal sealed record ToolOffer(string Name, JsonElement Parameters);

/// <summary>The part of a chat or Responses request that the answer depends on.</summary>
internal sealed record Conversation
{
    public static Conversation Empty { get; } = new();

    /// <summary>Text of the last user message, at most <see cref="MaxText"/> characters.</summary>
    public string UserText { get; init; } = "";

    /// <summary>Text of the last tool result after that message; null = none.</summary>
    public string? ToolResult { get; init; }

    public IReadOnlyList<ToolOffer> Tools { get; init; } = [];

    /// <summary><c>auto</c>, <c>none</c>, <c>required</c>, or the name of a tool.</summary>
    public string ToolChoice { get; init; } = "auto";

    public AnswerFormat Format { get; init; }

    public JsonElement Schema { get; init; }

    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>More of a prompt than this changes nothing, so that a pasted megabyte costs nothing.</summary>
    public const int MaxText = 4000;

    public static string Clip(string text) => text.Length <= MaxText ? text : text[..MaxText];
}
