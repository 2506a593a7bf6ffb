using Spectre.Console;

namespace HybridRouter.Verbs;

internal static class Terminal
{
    /// <summary>Wide enough for a table when the output goes to a file.</summary>
    private const int RedirectedWidth = 180;

    public static IAnsiConsole For(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (Console.IsOutputRedirected || !ReferenceEquals(output, Console.Out))
            console.Profile.Width = RedirectedWidth;
        return console;
    }
}
