using System.ComponentModel;
using System.Diagnostics;

namespace HybridRouter.FunctionalTests.Clients;

/// <param name="ExitCode">Of the program that ended by itself.</param>
internal sealed record ClientExit(int ExitCode, string Output, string Error);

/// <summary>Runs a client program to its end, with nothing on its standard input. Never outlives its time limit.</summary>
internal static class ClientProcess
{
    /// <param name="environment">Added to this process's own; null removes a variable.</param>
    /// <exception cref="InvalidOperationException">The program cannot be started, or did not end in time.</exception>
    public static async Task<ClientExit> RunAsync(
        string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string?> environment, TimeSpan limit)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A proxy of the machine must not come between a client and loopback.
        start.Environment["NO_PROXY"] = "127.0.0.1,localhost";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Start(start);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var timer = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(timer.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException(
                $"{Path.GetFileName(program)} did not end within {limit.TotalSeconds:0} s.\n--- output\n{await output}\n--- error\n{await error}");
        }
        return new ClientExit(process.ExitCode, await output, await error);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"'{start.FileName}' cannot be started: {e.Message}. These tests need Node.js 20 with npm on the PATH.", e);
        }
    }
}
