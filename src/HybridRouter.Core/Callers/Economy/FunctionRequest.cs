using System.Text.Json;
using System.Text.RegularExpressions;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.Callers.Economy;

/// <summary>
/// Finds requests that ask for one function and nothing else, and where such an answer may stop. A stop sequence is cut from the
/// answer itself, so only what comes after a finished function will do: not the closing brace, and not the fence that
/// closes a code block, which clients look for. When in doubt there is none.
/// </summary>
internal static partial class FunctionRequest
{
    /// <summary>Two blank lines: between top-level definitions in Python, and nowhere inside a function of any language.</summary>
    private const string BlankLines = "\n\n\n";

    private const int MaxChars = 400;

    public static IReadOnlyList<string> Stops(ModelRequest request) => request.Api switch
    {
        WireApi.ChatCompletions when IsAsked(request.Body.Root) => [BlankLines],
        WireApi.Completions => AfterPrompt(request.Body.Root),
        _ => [],
    };

    private static bool IsAsked(JsonElement root)
    {
        if (root.Get("tools") is not null || root.Get("functions") is not null || root.Get("response_format") is not null)
            return false;
        var last = root.Items("messages").LastOrDefault();
        if (last.Text("role") != "user")
            return false;
        var text = last.Text("content")
            ?? (last.Items("content").ToArray() is [var only] && only.Text("type") == "text" ? only.Text("text") : null);
        return text?.Length <= MaxChars && OneFunction().IsMatch(text) && !MoreThanThat().IsMatch(text);
    }

    /// <summary>What is to be continued: an open code block, or a Python function that was begun.</summary>
    private static IReadOnlyList<string> AfterPrompt(JsonElement root)
    {
        if (root.Get("suffix") is not null || root.Text("prompt") is not { } prompt)
            return [];
        var lines = prompt.Split('\n');
        // The prompt opened the block, so the line that closes it is not part of the answer.
        if (lines.Count(l => l.StartsWith("```", StringComparison.Ordinal)) % 2 == 1)
            return ["\n```"];
        var topLevel = lines.LastOrDefault(l => l.Length > 0 && !char.IsWhiteSpace(l[0]));
        return topLevel is not null && PythonFunction().IsMatch(topLevel) ? [BlankLines, "\ndef ", "\nclass "] : [];
    }

    [GeneratedRegex(
        @"^\s*((please|can you|could you)[\s,]+)?(write|create|implement|define|complete|generate|give me|show me)\s+(me\s+)?"
        + @"(an?|one|the|this|the following)\s+([^\s.;:]+\s+){0,5}(function|method)\b",
        RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex OneFunction();

    [GeneratedRegex(
        @"\b(functions|methods|class|classes|tests?|examples?|usage|explain\w*|explanation|also|another|then|main|script|program|project|module"
        + @"|files?|versions?|alternatives?|approaches|languages|compare|comparison|steps?|why|how)\b",
        RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex MoreThanThat();

    [GeneratedRegex(@"^(async\s+)?def\s+\w+\s*\(")]
    private static partial Regex PythonFunction();
}
