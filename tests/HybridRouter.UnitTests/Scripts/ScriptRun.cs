using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace HybridRouter.UnitTests.Scripts;

/// <param name="Calls">Programs that the script started, each with its arguments, and the folders it went to.</param>
internal sealed record ScriptOutcome(IReadOnlyList<IReadOnlyList<string>> Calls, int ExitCode, IReadOnlyList<string> Errors);

/// <summary>
/// Runs <c>run.ps1</c> in PowerShell's own engine, without a PowerShell on the machine: functions stand in for programs
/// and for the cmdlets whose modules the engine does not bring.
/// </summary>
internal static class ScriptRun
{
    private const string StandIns = """
        function global:dotnet {
            $global:calls.Add([string[]](@('dotnet') + $args))
            $global:LASTEXITCODE = $global:dotnetExit
        }
        function global:Push-Location($Path) { $global:calls.Add([string[]]('cd', $Path)) }
        function global:Pop-Location { $global:calls.Add([string[]]('cd', '-')) }
        """;

    public static string Path { get; } = System.IO.Path.Combine(Root(), "run.ps1");

    /// <param name="arguments">As typed after the script's name.</param>
    public static ScriptOutcome Run(string arguments, int dotnetExit = 0, bool withDotnet = true, string argumentPassing = "Standard")
    {
        var calls = new List<string[]>();
        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        runspace.SessionStateProxy.SetVariable("calls", calls);
        runspace.SessionStateProxy.SetVariable("dotnetExit", dotnetExit);
        runspace.SessionStateProxy.SetVariable("PSNativeCommandArgumentPassing", argumentPassing);
        using var shell = PowerShell.Create(runspace);
        // A function goes before a program of that name, so the real dotnet is never started.
        shell.AddScript(withDotnet ? StandIns : StandIns + "\nfunction global:Get-Command { }").Invoke();
        shell.Commands.Clear();
        shell.AddScript($"& '{Path}' {arguments}; $LASTEXITCODE");
        var output = shell.Invoke();
        return new ScriptOutcome(calls, (int)output[^1].BaseObject, [.. shell.Streams.Error.Select(e => e.ToString())]);
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "HybridRouter.sln")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException("HybridRouter.sln was not found above the tests.");
    }
}
