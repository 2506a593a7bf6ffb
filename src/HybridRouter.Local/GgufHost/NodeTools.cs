using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using HybridRouter.Local.Managed;

namespace HybridRouter.Local.GgufHost;

/// <summary>Node.js and npm of this machine.</summary>
/// <param name="searchPath">The PATH variable.</param>
internal sealed class NodeTools(string? searchPath)
{
    public const int OldestMajor = 20;

    /// <summary>Path of Node, or why there is none that serves.</summary>
    public async Task<(string? Node, string? Problem)> FindNodeAsync(CancellationToken cancellationToken)
    {
        if (ExecutableSearch.Find("node", searchPath) is not { } node)
            return (null, $"Node.js is not on PATH; install Node.js {OldestMajor} or newer from nodejs.org, or use the preset llama-server");
        string? version = null;
        var (code, _) = await RunAsync(node, ["--version"], Path.GetTempPath(), line => version ??= line, cancellationToken).ConfigureAwait(false);
        if (code != 0 || MajorOf(version) is not { } major)
            return (null, $"'{node} --version' does not work (exit code {code}); reinstall Node.js {OldestMajor} or newer");
        return major < OldestMajor
            ? (null, $"Node.js {version} is too old; install Node.js {OldestMajor} or newer from nodejs.org")
            : (node, null);
    }

    public (string? Npm, string? Problem) FindNpm() => ExecutableSearch.Find("npm", searchPath) is { } npm
        ? (npm, null)
        : (null, "npm is not on PATH; it comes with Node.js from nodejs.org (on Debian: apt-get install npm)");

    /// <summary>Runs a program to its end; cancelling kills it with its children.</summary>
    /// <param name="onLine">Gets each line of standard output and standard error, one at a time.</param>
    /// <returns>Its exit code (-1: it could not be started), and the last line that it wrote.</returns>
    public static async Task<(int Code, string? LastLine)> RunAsync(
        string program, IEnumerable<string> arguments, string folder, Action<string> onLine, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        using var process = new Process { StartInfo = start };
        string? last = null;
        var gate = new Lock();
        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return (-1, e.Message);
        }
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return (process.ExitCode, last);

        void Take(string? line)
        {
            if (string.IsNullOrWhiteSpace(line))
                return;
            lock (gate)
            {
                last = line;
                onLine(line);
            }
        }
    }

    internal static int? MajorOf(string? version) =>
        version is ['v', ..] && version.IndexOf('.', StringComparison.Ordinal) is var dot and > 1
        && int.TryParse(version.AsSpan(1, dot - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : null;
}
