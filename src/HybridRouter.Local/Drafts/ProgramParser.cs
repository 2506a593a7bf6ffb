using HybridRouter.Drafts.Parsing;
using HybridRouter.Local.Managed;

namespace HybridRouter.Local.Drafts;

/// <summary>How a program is asked whether it can parse its standard input.</summary>
/// <param name="BadExit">Its exit code when it cannot; 0 is yes, any other tells nothing.</param>
internal sealed record ParseCommand(string Program, IReadOnlyList<string> Arguments, int BadExit)
{
    /// <summary>Arguments to try when the first say no; null = none.</summary>
    public IReadOnlyList<string>? OrElse { get; init; }

    /// <summary>Code that is not for this program though it bears its name.</summary>
    public Func<string, bool> Unreadable { get; init; } = static _ => false;

    /// <summary>The code as part of something larger, tried last; null = it stands alone.</summary>
    public Func<string, string>? Wraps { get; init; }
}

/// <summary>A language that is parsed by a program. Where it is not installed, nothing is told.</summary>
internal sealed class ProgramParser(IReadOnlyList<string> languages, ParseCommand command, ProgramTurns turns, string? searchPath) : ICodeParser
{
    private readonly Lazy<string?> _path = new(() => ExecutableSearch.Find(command.Program, searchPath));

    public IReadOnlyList<string> Languages => languages;

    public async ValueTask<bool?> ParsesAsync(string code, CancellationToken cancellationToken)
    {
        if (_path.Value is not { } path || command.Unreadable(code))
            return null;
        code = WithoutIndent(code);
        var parses = await AskAsync(path, command.Arguments, code, cancellationToken).ConfigureAwait(false);
        if (parses == false && command.OrElse is { } other)
            parses = await AskAsync(path, other, code, cancellationToken).ConfigureAwait(false);
        if (parses == false && command.Wraps is { } wrap)
            parses = await AskAsync(path, command.Arguments, wrap(code), cancellationToken).ConfigureAwait(false);
        return parses;
    }

    private async Task<bool?> AskAsync(string path, IReadOnlyList<string> arguments, string code, CancellationToken cancellationToken)
    {
        var exit = await turns.RunAsync(path, arguments, code, cancellationToken).ConfigureAwait(false);
        return exit == 0 ? true : exit == command.BadExit ? false : null;
    }

    /// <summary>A part of a program keeps its indentation, which Python does not read.</summary>
    private static string WithoutIndent(string code)
    {
        var lines = code.Split('\n');
        var indent = lines.Where(l => !string.IsNullOrWhiteSpace(l)).Select(l => l.Length - l.TrimStart(' ').Length).DefaultIfEmpty(0).Min();
        return indent == 0 ? code : string.Join('\n', lines.Select(l => l[Math.Min(indent, l.Length - l.TrimStart(' ').Length)..]));
    }
}
