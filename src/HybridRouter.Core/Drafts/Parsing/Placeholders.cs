using System.Text.RegularExpressions;

namespace HybridRouter.Drafts.Parsing;

/// <summary>
/// Blocks that are not meant to be parsed as they stand: parts left out, things to fill in, patches, what a terminal
/// showed. It errs towards leaving a block alone.
/// </summary>
internal static partial class Placeholders
{
    public static bool AreIn(string code) =>
        code.Contains('…') || Dots().IsMatch(code) || Patch().IsMatch(code) || Transcript().IsMatch(code) || Angles().IsMatch(code) || Template().IsMatch(code);

    /// <summary>Three dots with nothing to spread behind them.</summary>
    [GeneratedRegex(@"\.\.\.\s*($|[)\]},;])", RegexOptions.Multiline)]
    private static partial Regex Dots();

    /// <summary>Lines that begin with a sign of a patch or of a merge; in no language that is parsed do statements begin so.</summary>
    [GeneratedRegex(@"^([+-]|@@|<{5,}|={5,}|>{5,})", RegexOptions.Multiline)]
    private static partial Regex Patch();

    [GeneratedRegex(@"^\s*(>>> |\$ |PS [A-Z]:|In \[\d*\]:|[!%]\w)", RegexOptions.Multiline)]
    private static partial Regex Transcript();

    /// <summary>&lt;your key&gt;, &lt;your-key&gt;, &lt;YOUR_KEY&gt;: with a space, a dash or an underscore inside they are no types or tags with attributes.</summary>
    [GeneratedRegex(@"<(your|my|path|insert|name|some|the)\b[^<>=/\n]*>|<[A-Z]+([_-][A-Z]+)+>", RegexOptions.IgnoreCase)]
    private static partial Regex Angles();

    /// <summary>{{ value }}, {% block %}, a Razor directive: the text of a template.</summary>
    [GeneratedRegex(@"\{\{[^{}\n]*\}\}|\{%|^@(page|model|using|code|inject)\b", RegexOptions.Multiline)]
    private static partial Regex Template();
}
