using System.Diagnostics;
using HybridRouter.UnitTests.Triage;

namespace HybridRouter.UnitTests.Scripts;

/// <summary><c>test.sh</c> in a folder of its own, with stand-ins for dotnet and npm that note how they were called.</summary>
public sealed class TestScriptTests : IDisposable
{
    private const string Counters = """<Counters total="9" executed="5" passed="{0}" failed="{1}" error="{2}" timeout="0" notRunnable="{3}" notExecuted="{4}" />""";
    private readonly TemporaryFolder _root = new();

    public TestScriptTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "test.sh is for systems with bash; Windows has run.ps1 test.");
        var repository = Path.GetDirectoryName(ScriptRun.Path)!;
        _root.CopyFrom(repository, "test.sh");
        Directory.CreateDirectory(Path.Combine(_root.Path, ".ci"));
        _root.CopyFrom(repository, ".ci/run");
        var set = Directory.CreateDirectory(Path.Combine(_root.Path, "tests/HybridRouter.FunctionalTests/Clients/npm/sdk")).FullName;
        File.WriteAllText(Path.Combine(set, "package.json"), "{}");
        File.WriteAllText(Path.Combine(set, "package-lock.json"), "lock-1");
        StandIn("node", "");
        StandIn("npm", "echo \"npm $*\" >> calls; pwd >> calls");
    }

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(0, 2, 0, 0, 0, "6 passed, 0 failed, 0 skipped", 0)]
    [InlineData(2, 2, 3, 1, 0, "6 passed, 4 failed, 0 skipped", 2)]
    [InlineData(0, 2, 0, 0, 1, "6 passed, 0 failed, 3 skipped", 0)]
    // A runner that says all is well must not hide a failure, or that nothing ran.
    [InlineData(0, 2, 1, 0, 0, "6 passed, 1 failed, 0 skipped", 1)]
    public async Task Run_ResultsOfTwoProjects_AreAddedUpInTheLastLine(int dotnetExit, int passed, int failed, int error, int skipped, string line, int exit)
    {
        Dotnet(dotnetExit, string.Format(null, Counters, passed, failed, error, skipped, 2 * skipped), string.Format(null, Counters, 4, 0, 0, 0, 0));

        var (code, output) = await RunAsync(".ci/run");

        Assert.Equal((exit, line), (code, output.TrimEnd('\n').Split('\n')[^1]));
    }

    [Fact]
    public async Task Run_BuildFails_SaysSoWithZerosAndAnExitCode()
    {
        Dotnet(1);

        var (code, output) = await RunAsync("test.sh");

        Assert.Equal(1, code);
        Assert.EndsWith("\n0 passed, 0 failed, 0 skipped\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Twice_InstallsClientsOnceUntilTheirLockFileChanges()
    {
        Dotnet(0, string.Format(null, Counters, 1, 0, 0, 0, 0));
        await RunAsync("test.sh");
        await RunAsync("test.sh");
        Assert.Equal(["npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier", Path.Combine(_root.Path, ".cache/npm/sdk")], Calls(".cache/npm/sdk/calls"));

        await File.WriteAllTextAsync(Path.Combine(_root.Path, "tests/HybridRouter.FunctionalTests/Clients/npm/sdk/package-lock.json"), "lock-2", TestContext.Current.CancellationToken);
        await RunAsync("test.sh");

        Assert.Equal(4, Calls(".cache/npm/sdk/calls").Length);
    }

    [Theory]
    [InlineData("", null, "")]
    [InlineData("--filter-class X", null, " --ignore-exit-code 8 --filter-class X")]
    [InlineData("", "true", " --fail-skips on")]
    public async Task Run_Dotnet_GetsTheSolutionAndTheArguments(string arguments, string? ci, string further)
    {
        Dotnet(0, string.Format(null, Counters, 1, 0, 0, 0, 0));

        await RunAsync("test.sh " + arguments, ci);

        Assert.Equal(
            [$"test --solution HybridRouter.sln -c Release --results-directory {_root.Path}/.cache/test-results --report-xunit-trx --max-parallel-test-modules 1{further}"],
            Calls("calls"));
    }

    private string[] Calls(string path) => File.ReadAllLines(Path.Combine(_root.Path, path));

    private void Dotnet(int exit, params string[] results)
    {
        var writes = results.Select((text, i) => $"echo '<TestRun>{text}</TestRun>' > .cache/test-results/{i}.trx");
        StandIn("dotnet", $"echo \"$*\" >> calls\n{string.Join('\n', writes)}\nexit {exit}");
    }

    private void StandIn(string name, string body)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_root.Path, "bin")).FullName, name);
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private async Task<(int Code, string Output)> RunAsync(string command, string? ci = null)
    {
        // From another folder: the script finds its own.
        var start = new ProcessStartInfo("bash", ["-c", $"{_root.Path}/{command}"]) { WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{_root.Path}/bin:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["CI"] = ci ?? "";
        start.Environment.Remove("HYBRIDROUTER_HOME");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }
}
