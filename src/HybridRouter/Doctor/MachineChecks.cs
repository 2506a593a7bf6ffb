using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HybridRouter.Doctor;

/// <summary>What the machine has: runtime, GPU, Node, engines on PATH.</summary>
internal static class MachineChecks
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);

    public static async IAsyncEnumerable<Finding> RunAsync()
    {
        yield return new(FindingLevel.Ok, "runtime", $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}, {Environment.ProcessorCount} cores");
        yield return await GpuAsync();
        yield return await NodeAsync();
        yield return await LlamaServerAsync();
    }

    private static async Task<Finding> GpuAsync() =>
        await OutputAsync("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader") is { } gpus
            ? new(FindingLevel.Ok, "gpu", string.Join("; ", gpus.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
            : new(FindingLevel.Warn, "gpu", "no NVIDIA GPU or driver found", "Local models run on the CPU, slowly. Install the NVIDIA driver, then check with nvidia-smi.");

    private static async Task<Finding> NodeAsync()
    {
        var node = await OutputAsync("node", "--version");
        if (node is null)
            return new(FindingLevel.Warn, "node", "not found", "gguf-host needs Node.js 20 or newer; without it use llama-server or Ollama.");
        return Version.TryParse(node.TrimStart('v'), out var version) && version.Major >= 20
            ? new(FindingLevel.Ok, "node", node)
            : new(FindingLevel.Warn, "node", node, "gguf-host needs Node.js 20 or newer.");
    }

    private static async Task<Finding> LlamaServerAsync() =>
        await OutputAsync("llama-server", "--version") is { } version
            ? new(FindingLevel.Ok, "llama-server", version.Split('\n')[0])
            : new(FindingLevel.Warn, "llama-server", "not on PATH", "The fastest local engine: install llama.cpp, or set local:engines:*:executable.");

    /// <summary>Null when the program is missing, fails or hangs.</summary>
    private static async Task<string?> OutputAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            using var timeout = new CancellationTokenSource(CommandTimeout);
            var (output, error) = (process.StandardOutput.ReadToEndAsync(timeout.Token), process.StandardError.ReadToEndAsync(timeout.Token));
            try
            {
                await process.WaitForExitAsync(timeout.Token);
                // llama-server writes its version to standard error.
                var text = (await output).Trim() is { Length: > 0 } written ? written : (await error).Trim();
                return process.ExitCode == 0 && text.Length > 0 ? text : null;
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return null;
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
