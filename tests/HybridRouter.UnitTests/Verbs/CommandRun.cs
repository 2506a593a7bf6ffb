using System.Diagnostics;
using HybridRouter.Verbs;

namespace HybridRouter.UnitTests.Verbs;

internal sealed record CommandOutcome(int Exit, string Output, string Error);

/// <summary>Runs the command line, in this process or as the real program.</summary>
internal static class CommandRun
{
    public static async Task<CommandOutcome> InProcessAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = await Cli.RunAsync(arguments, output, error);
        return new CommandOutcome(exit, output.ToString(), error.ToString());
    }

    /// <summary>The caller ends and disposes it.</summary>
    /// <param name="folder">Where it is started: what it writes by default lands there.</param>
    public static Process Start(string folder, params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "hybridrouter.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    public static async Task<CommandOutcome> AsProgramAsync(string folder, string input, params string[] arguments)
    {
        using var process = Start(folder, arguments);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CommandOutcome(process.ExitCode, await output, await error);
    }
}
