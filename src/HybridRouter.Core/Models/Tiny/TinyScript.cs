using System.Globalization;

namespace HybridRouter.Models.Tiny;

/// <summary>What the tiny model can say. A chain is a list of tokens. No token occurs twice in all chains, so each has one successor.</summary>
internal static class TinyScript
{
    /// <summary>User text that asks for a call of the first tool offered.</summary>
    public const string ToolTrigger = "demo:tool";

    /// <summary>User text that asks for an answer of <see cref="LongTokens"/> tokens.</summary>
    public const string LongTrigger = "demo:long";

    /// <summary>User text that asks for an answer without an end.</summary>
    public const string EndlessTrigger = "demo:endless";

    public const int LongTokens = 300;

    /// <summary>The value of every free string in a tool call or a JSON answer; harmless as a shell command.</summary>
    public const string StringValue = "echo hybridrouter";

    public const string Tools = "<tools>";
    public const string ToolResult = "<tool_response>";
    public const string ToolCallOpen = "<tool_call>";
    public const string ToolCallName = "\n{\"name\": \"";
    public const string ToolCallArguments = "\", \"arguments\": ";
    public const string ToolCallClose = "</tool_call>";

    /// <summary>The answer to everything that no trigger changes.</summary>
    public static readonly IReadOnlyList<string> Answer =
    [
        "I am", " HybridRouter's", " tiny demo model:", " hand-made", " weights,", " no training.", " I only", " prove", " that a",
        " GGUF file", " on this machine", " answers", " through", " llama.cpp;", " I cannot", " solve", " your task.", " To get",
        " a real answer,", " pull", " a real model:", "\n\n```sh\n", "dotnet run --project src/HybridRouter -- models list\n",
        "dotnet run --project src/HybridRouter -- models pull NAME\n", "```",
    ];

    /// <summary>The answer once each tool trigger has its tool result.</summary>
    public static readonly IReadOnlyList<string> AfterTool =
    [
        "The tool ran", " and its result", " came back:", " the tool turn", " works", " on the local path.",
        " I am the tiny demo model", " and cannot read", " the result;", " pull one that can.",
    ];

    public static readonly IReadOnlyList<string> Long =
        [.. Enumerable.Range(1, LongTokens).Select(line => string.Create(CultureInfo.InvariantCulture, $"line {line} of {LongTokens}\n"))];

    /// <summary>Its last token leads back to its second.</summary>
    public static readonly IReadOnlyList<string> Endless =
    [
        "I write until I am stopped.\n", "Waiting", " for the request", " to be cancelled", " or for its", " token limit;", " still", " going", " on.\n",
    ];

    /// <summary>What follows plain text, in the legacy completions endpoint.</summary>
    public static readonly IReadOnlyList<string> Completion =
        ["\n# HybridRouter's tiny", " demo model", " has nothing", " to add", " here.\n"];

    /// <summary>What fills the gap between a prefix and a suffix.</summary>
    public static readonly IReadOnlyList<string> Infill = ["/* filled in", " by HybridRouter's", " tiny demo", " model */"];

    public static IEnumerable<string> AllPhrases =>
        [.. Answer, .. AfterTool, .. Long, .. Endless, .. Completion, .. Infill, StringValue];
}
