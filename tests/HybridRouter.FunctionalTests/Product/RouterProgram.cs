using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using HybridRouter.FunctionalTests.Clients;
using HybridRouter.FunctionalTests.Local;

namespace HybridRouter.FunctionalTests.Product;

/// <summary>The built program, run as a user runs it: a process with arguments, a working folder and an environment.</summary>
internal sealed partial class RouterProgram : IAsyncDisposable
{
    private const string MarkVariable = "HYBRIDROUTER_TEST_MARK";
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly string _mark;
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];

    private RouterProgram(Process process, string mark)
    {
        (_process, _mark) = (process, mark);
        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Built beside these tests, in the same configuration.</summary>
    public static string Executable { get; } = FindExecutable();

    /// <summary>Standard output and standard error so far, in the order of arrival.</summary>
    public string Text
    {
        get
        {
            lock (_gate)
                return string.Join('\n', _lines);
        }
    }

    public bool HasExited => _process.HasExited;

    /// <param name="folder">Working folder; null = a place without a configuration file.</param>
    /// <param name="environment">Added to the usual; null removes a variable.</param>
    public static RouterProgram Start(IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null, string? program = null)
    {
        var (start, mark) = Describe(program ?? Executable, arguments, folder, environment);
        return new RouterProgram(Process.Start(start)!, mark);
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<ProgramEnd> RunAsync(
        IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null, string? program = null, string input = "")
    {
        var (start, mark) = Describe(program ?? Executable, arguments, folder, environment);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(RunLimit);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"The program did not end.\n{await output}\n{await error}", e);
        }
        return new ProgramEnd(process.ExitCode, await output, await error) { Mark = mark };
    }

    /// <summary>Waits until it says that it listens.</summary>
    /// <returns>The address, with a slash at its end.</returns>
    public async Task<Uri> AddressAsync()
    {
        Match match = Match.Empty;
        await Eventually.TrueAsync(() =>
        {
            Assert.False(HasExited, $"It ended: {Text}");
            return (match = Listens().Match(Text)).Success;
        }, "the program listens", seconds: 60);
        return new Uri(match.Groups[1].Value + "/");
    }

    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public async Task<int> ExitCodeAsync(double seconds)
    {
        await Eventually.TrueAsync(() => HasExited, $"the program ended; it said\n{Text}", seconds);
        return _process.ExitCode;
    }

    /// <summary>Command lines of the program, when it lives, and of all living processes that it started, itself or through others.</summary>
    public List<string> Family() => Family(_mark);

    /// <summary>The same for a program by the mark that it hands down.</summary>
    public static List<string> Family(string mark)
    {
        var family = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0])))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(folder, "environ")).Contains($"{MarkVariable}={mark}", StringComparison.Ordinal))
                    family.Add(File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' '));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }
        }
        return family;
    }

    public async ValueTask DisposeAsync()
    {
        if (!HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static (ProcessStartInfo Start, string Mark) Describe(string program, IEnumerable<string> arguments, string? folder, IReadOnlyDictionary<string, string?>? environment)
    {
        var mark = Guid.NewGuid().ToString("N");
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder ?? Path.GetDirectoryName(program)!,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What the machine has set must not become the configuration, nor a cloud that costs money.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("HYBRIDROUTER_", StringComparison.Ordinal) && k.Contains("__", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment.Remove("OPENAI_API_KEY");
        start.Environment["NO_PROXY"] = "127.0.0.1,localhost";
        // Found by its own place, so that a test may take PATH away.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        start.Environment[MarkVariable] = mark;
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        return (start, mark);
    }

    private static string FindExecutable()
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(RepositoryFolder.Root, "src", "HybridRouter", "bin", framework.Parent!.Name, framework.Name, "hybridrouter" + (OperatingSystem.IsWindows() ? ".exe" : ""));
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        lock (_gate)
            _lines.Add(line);
    }

    [GeneratedRegex(@"listens on (http://[0-9.]+:\d+)")]
    private static partial Regex Listens();
}

internal sealed record ProgramEnd(int ExitCode, string Output, string Error)
{
    public required string Mark { get; init; }

    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";
}
