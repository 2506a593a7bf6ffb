using System.Diagnostics;
using System.Runtime.InteropServices;
using HybridRouter.Local.GgufHost;

namespace HybridRouter.Doctor;

/// <summary>What the machine has: runtime, GPU, Node, engines on PATH.</summary>
internal static class MachineChecks
{
    private const string OllamaUrl = "http://127.0.0.1:11434";
    private static readonly TimeSpan ReachTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);

    public static async IAsyncEnumerable<Finding> RunAsync(HttpMessageInvoker http)
    {
        yield return new(FindingLevel.Ok, "runtime", $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}, {Environment.ProcessorCount} cores");
        yield return await SdkAsync();
        yield return await GpuAsync();
        yield return await NodeAsync();
        yield return GgufHost();
        yield return await LlamaServerAsync();
        yield return await OllamaAsync(http);
    }

    /// <summary>Only builds from source need it.</summary>
    private static async Task<Finding> SdkAsync() =>
        await OutputAsync("dotnet", "--version") is { } version
            ? new(FindingLevel.Ok, "sdk", version)
            : new(FindingLevel.Warn, "sdk", ".NET SDK not found", "Only needed to build from source: install the .NET SDK 10.");

    private static Finding GgufHost() =>
        GgufHostInstaller.ForThisProgram(TimeProvider.System).IsInstalled(GgufHostAccelerator.Cpu)
            ? new(FindingLevel.Ok, "gguf-host", "installed")
            : new(FindingLevel.Ok, "gguf-host", "not installed yet; the first use installs it with npm");

    private static async Task<Finding> OllamaAsync(HttpMessageInvoker http)
    {
        using var timeout = new CancellationTokenSource(ReachTimeout);
        using var message = new HttpRequestMessage(HttpMethod.Get, OllamaUrl + "/api/version");
        try
        {
            using var response = await http.SendAsync(message, timeout.Token);
            return new(FindingLevel.Ok, "ollama", $"answers on {OllamaUrl}");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // One engine is enough, so this alone is nothing to mend.
            return new(FindingLevel.Ok, "ollama", $"not running on {OllamaUrl}");
        }
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
        if (!Version.TryParse(node.TrimStart('v'), out var version) || version.Major < 20)
            return new(FindingLevel.Warn, "node", node, "gguf-host needs Node.js 20 or newer.");
        // npm is a script on Windows, which only a shell starts.
        var npm = OperatingSystem.IsWindows() ? await OutputAsync("cmd", "/c", "npm", "--version") : await OutputAsync("npm", "--version");
        return npm is null
            ? new(FindingLevel.Warn, "node", $"{node}, npm not found", "gguf-host is installed with npm; it comes with Node.js from nodejs.org.")
            : new(FindingLevel.Ok, "node", $"{node}, npm {npm}");
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
