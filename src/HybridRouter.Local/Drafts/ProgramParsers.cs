using HybridRouter.Drafts.Parsing;

namespace HybridRouter.Local.Drafts;

/// <summary>Parsers of languages whose own programs do it. None of them is told to run what it reads.</summary>
public static class ProgramParsers
{
    /// <summary>Exit codes of our own, so that a program that fails for another reason is not taken for a verdict.</summary>
    private const string Python = """
        import ast, sys
        try:
            ast.parse(sys.stdin.buffer.read())
        except SyntaxError:
            sys.exit(3)
        except BaseException:
            sys.exit(4)
        """;

    /// <param name="searchPath">The PATH variable. A program that is not on it is no error; its language is not checked.</param>
    public static IReadOnlyList<ICodeParser> Create(string? searchPath, TimeProvider time)
    {
        var turns = new ProgramTurns(time);
        return
        [
            // -I and -S: neither the user's settings nor installed packages are loaded.
            new ProgramParser(["python", "python3", "py"], new("python3", ["-I", "-S", "-c", Python], BadExit: 3), turns, searchPath),
            new ProgramParser(
                ["javascript", "js", "mjs", "cjs"],
                new("node", ["--check", "-"], BadExit: 1) { OrElse = ["--check", "--input-type=module", "-"], Unreadable = JavaScript.IsMarkup, Wraps = JavaScript.AsMembers },
                turns,
                searchPath),
            new ProgramParser(["bash", "sh"], new("bash", ["--norc", "--noprofile", "-n"], BadExit: 2), turns, searchPath),
        ];
    }
}
