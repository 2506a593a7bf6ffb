using HybridRouter.Local.GgufHost;
using Spectre.Console;

namespace HybridRouter.Demo;

/// <summary>Installs the local engine before the first prompt, so that its progress is seen and its wait is not measured.</summary>
internal static class LocalEngineSetup
{
    /// <returns>Why there will be no local engine, or null.</returns>
    public static async Task<string?> PrepareAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        var installation = await GgufHostInstaller.ForThisProgram(TimeProvider.System).EnsureAsync(GgufHostAccelerator.Cpu, new Lines(console), cancellationToken);
        return installation.Problem;
    }

    private sealed class Lines(IAnsiConsole console) : IProgress<string>
    {
        public void Report(string value) => console.MarkupLineInterpolated($"[dim]local engine: {value}[/]");
    }
}
