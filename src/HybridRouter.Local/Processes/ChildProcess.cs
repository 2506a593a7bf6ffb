using System.ComponentModel;
using System.Diagnostics;

namespace HybridRouter.Local.Processes;

/// <summary>
/// A started program that does not outlive the router: on Unix it ends with its standard input, which the system
/// closes with us; on Windows it is in a job object. Thread-safe.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>Time between the request to end and the kill.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private readonly TimeProvider _time;
    private readonly IDisposable? _job;
    private readonly Task _exited;
    private int _stopping;

    private ChildProcess(Process process, IDisposable? job, TimeProvider time)
    {
        (_process, _job, _time) = (process, job, time);
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
        _exited = WatchAsync(ReadErrorsAsync());
    }

    public int Id => _process.Id;

    public StderrRing Errors { get; } = new();

    /// <summary>Completes when the program has ended and its last words are read.</summary>
    public Task Exited => _exited;

    /// <exception cref="Win32Exception">The program could not be started.</exception>
    public static ChildProcess Start(CommandLine line, TimeProvider time)
    {
        var wrapped = StdinWatch.Wrap(line);
        var start = new ProcessStartInfo(wrapped.FileName, wrapped.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        foreach (var (name, value) in wrapped.Environment)
            start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new Win32Exception($"{line.FileName} could not be started.");
        try
        {
            return new ChildProcess(process, OperatingSystem.IsWindows() ? WindowsJob.Around(process) : null, time);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>How it ended, in one line.</summary>
    public string DescribeEnd()
    {
        var code = _process.HasExited ? $"its process exited with code {_process.ExitCode}" : "its process is still running";
        return Errors.Summary() is { } summary ? $"{code} ({summary})" : code;
    }

    /// <summary>Asks it to end, and kills it with all its children when it does not within <see cref="Grace"/>.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopping, 1) == 0)
        {
            try
            {
                _process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It is gone already.
            }
        }
        try
        {
            await _exited.WaitAsync(Grace, _time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Kill();
            await _exited.ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _job?.Dispose();
        _process.Dispose();
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended in the same moment, or a grandchild did.
        }
    }

    private async Task WatchAsync(Task errorsRead)
    {
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await errorsRead.WaitAsync(LastWords, _time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A grandchild holds the pipe open; its words are not waited for.
        }
    }

    private async Task ReadErrorsAsync()
    {
        var buffer = new char[1024];
        int read;
        while ((read = await _process.StandardError.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            Errors.Append(buffer.AsSpan(0, read));
        Errors.Append("\n");
    }
}
