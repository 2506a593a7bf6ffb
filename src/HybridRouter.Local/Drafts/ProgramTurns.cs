using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace HybridRouter.Local.Drafts;

/// <summary>Runs short programs, a few at a time, each within a hard limit. Thread-safe.</summary>
internal sealed class ProgramTurns(TimeProvider time)
{
    /// <summary>At one time, over all requests.</summary>
    public const int MaxAtOnce = 2;

    /// <summary>A program that takes longer is killed; the wait for a turn is not longer, either.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _turns = new(MaxAtOnce);

    /// <returns>The exit code; null when it could not be started, or not in time.</returns>
    public async Task<int?> RunAsync(string path, IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _turns.WaitAsync(either.Token).ConfigureAwait(false);
            try
            {
                limit.CancelAfter(Limit);
                return await RunAsync(path, arguments, input, either).ConfigureAwait(false);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<int?> RunAsync(string path, IReadOnlyList<string> arguments, string input, CancellationTokenSource limit)
    {
        using var process = Start(path, arguments);
        if (process is null)
            return null;
        try
        {
            // What it says can quote the answer, and is not wanted.
            var (output, errors) = (process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, limit.Token), process.StandardError.BaseStream.CopyToAsync(Stream.Null, limit.Token));
            await WriteAsync(process, input, limit.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            await Task.WhenAll(output, errors).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return process.ExitCode;
        }
        finally
        {
            Kill(process);
        }
    }

    private static Process? Start(string path, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            // No package.json and no module of the router's folder is taken for the program's own.
            WorkingDirectory = Path.GetTempPath(),
        };
        // Nothing of the router's environment, where keys are, but what a program needs to start.
        foreach (var name in start.Environment.Keys.Where(static n => !IsNeeded(n)).ToList())
            start.Environment.Remove(name);
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static bool IsNeeded(string name) =>
        name.ToUpperInvariant() is "PATH" or "HOME" or "SYSTEMROOT" or "WINDIR" or "TEMP" or "TMP" or "USERPROFILE" || name.StartsWith("PYENV", StringComparison.OrdinalIgnoreCase);

    private static async Task WriteAsync(Process process, string input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(input), cancellationToken).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has seen enough.
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended in the same moment.
        }
    }
}
