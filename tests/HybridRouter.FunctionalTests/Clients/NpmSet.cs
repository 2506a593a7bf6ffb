using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace HybridRouter.FunctionalTests.Clients;

/// <summary>
/// A set of npm packages under <c>Clients/npm</c>, installed once, by its lock file, into <c>.cache/npm</c>. Fails when
/// it cannot be installed: a client that was not tried must not look tested.
/// </summary>
internal static class NpmSet
{
    private const string StampFile = "installed.sha256";
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(8);
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Installed = new();

    /// <returns>The folder that holds <c>node_modules</c>.</returns>
    public static Task<string> FolderAsync(string name) => Installed.GetOrAdd(name, n => new Lazy<Task<string>>(() => InstallAsync(n))).Value;

    private static async Task<string> InstallAsync(string name)
    {
        var source = Path.Combine(RepositoryFolder.Clients, "npm", name);
        var target = Path.Combine(RepositoryFolder.Cache, "npm", name);
        Directory.CreateDirectory(target);
        using var only = await LockAsync(target + ".lock");
        var wanted = await HashAsync(source);
        var stamp = Path.Combine(target, StampFile);
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == wanted)
            return target;
        foreach (var file in (string[])["package.json", "package-lock.json"])
            File.Copy(Path.Combine(source, file), Path.Combine(target, file), overwrite: true);
        await CleanInstallAsync(target);
        await File.WriteAllTextAsync(stamp, wanted);
        return target;
    }

    private static async Task CleanInstallAsync(string folder)
    {
        string[] arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        var exit = OperatingSystem.IsWindows()
            ? await ClientProcess.RunAsync("cmd", ["/c", "npm", .. arguments], folder, new Dictionary<string, string?>(), InstallLimit)
            : await ClientProcess.RunAsync("npm", arguments, folder, new Dictionary<string, string?>(), InstallLimit);
        if (exit.ExitCode != 0)
            throw new InvalidOperationException($"'npm ci' in {folder} ended with {exit.ExitCode}:\n{exit.Error}\n{exit.Output}");
    }

    /// <summary>Two test runs in one checkout must not install over each other.</summary>
    private static async Task<FileStream> LockAsync(string path)
    {
        using var timer = new CancellationTokenSource(InstallLimit);
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(250, timer.Token);
            }
        }
    }

    private static async Task<string> HashAsync(string folder)
    {
        await using var file = File.OpenRead(Path.Combine(folder, "package-lock.json"));
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
    }
}
