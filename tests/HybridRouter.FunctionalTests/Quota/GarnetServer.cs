using System.Globalization;
using HybridRouter.FunctionalTests.Clients;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>Garnet as a .NET tool, installed once into <c>.cache</c>.</summary>
public class GarnetServer : QuotaServer
{
    /// <summary>The same in test.sh.</summary>
    private const string Version = "2.2.8";

    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);

    protected virtual bool IsTransactional => true;

    protected override async Task<(string Program, string[] Arguments)> CommandAsync() => (await Installed.Value,
    [
        "--bind", "127.0.0.1", "--port", Port.ToString(CultureInfo.InvariantCulture), "--lua", "true",
        "--lua-transaction-mode", IsTransactional ? "true" : "false", "--memory", "256m", "--index", "16m",
    ]);

    private static async Task<string> InstallAsync()
    {
        var folder = Path.Combine(RepositoryFolder.Cache, "garnet", Version);
        var program = Path.Combine(folder, OperatingSystem.IsWindows() ? "garnet-server.exe" : "garnet-server");
        if (File.Exists(program))
            return program;
        string[] arguments = ["tool", "install", "garnet-server", "--version", Version, "--tool-path", folder];
        var exit = await ClientProcess.RunAsync("dotnet", arguments, RepositoryFolder.Root, new Dictionary<string, string?>(), TimeSpan.FromMinutes(5));
        if (exit.ExitCode != 0)
            throw new InvalidOperationException($"Garnet could not be installed into {folder}:\n{exit.Error}\n{exit.Output}");
        return program;
    }
}

/// <summary>Started without what makes its scripts atomic.</summary>
public sealed class LooseGarnetServer : GarnetServer
{
    protected override bool IsTransactional => false;
}
