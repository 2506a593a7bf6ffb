using System.Security.Cryptography;
using System.Text;

namespace HybridRouter.Translation.ToChat;

internal enum ToolKind
{
    Function,
    Custom,
}

/// <summary>A tool as a Responses client knows it.</summary>
internal readonly record struct ToolName(ToolKind Kind, string? Namespace, string Name);

/// <summary>
/// Gives every tool of a request one flat function name, as chat completions has nothing else, and finds the way back.
/// The same tools give the same names in each turn, so that the history and the model's next call agree.
/// </summary>
internal sealed class ToolNames
{
    private const int MaxLength = 64;
    private readonly Dictionary<string, ToolName> _tools = new(StringComparer.Ordinal);
    private readonly Dictionary<ToolName, string> _flat = [];

    public string Flat(ToolName tool)
    {
        if (_flat.TryGetValue(tool, out var known))
            return known;
        var wanted = tool.Namespace is null ? tool.Name : Fit(tool.Namespace + "__" + tool.Name);
        var name = wanted;
        for (var n = 2; !_tools.TryAdd(name, tool); n++)
            name = $"{wanted[..Math.Min(wanted.Length, MaxLength - 4)]}_{n}";
        _flat[tool] = name;
        return name;
    }

    /// <summary>The tool that a model's call means. Weak models leave the prefix out; a name that fits one tool only is taken for it.</summary>
    public ToolName Original(string flat)
    {
        if (_tools.TryGetValue(flat, out var tool))
            return tool;
        var same = _tools.Values.Where(t => t.Name == flat).Take(2).ToList();
        return same.Count == 1 ? same[0] : new ToolName(ToolKind.Function, null, flat);
    }

    private static string Fit(string name)
    {
        var clean = string.Create(name.Length, name, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsAsciiLetterOrDigit(source[i]) || source[i] is '_' or '-' ? source[i] : '_';
        });
        if (clean.Length <= MaxLength)
            return clean;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 4));
        return $"{clean[..(MaxLength - hash.Length - 1)]}_{hash}";
    }
}
