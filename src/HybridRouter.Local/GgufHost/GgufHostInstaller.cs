using System.Globalization;
using System.Runtime.InteropServices;

namespace HybridRouter.Local.GgufHost;

/// <summary>
/// Installs gguf-host for this user on first use: the packages from npm, only this machine's binaries, in a folder named
/// by what is in it. Safe against another process that does the same at the same time. Thread-safe.
/// </summary>
/// <param name="packageFolder">The <c>gguf-host</c> folder beside the program.</param>
/// <param name="home">HybridRouter's folder of this user.</param>
/// <param name="searchPath">The PATH variable.</param>
public sealed class GgufHostInstaller(string packageFolder, string home, string? searchPath, TimeProvider time)
{
    private const string TemporaryPrefix = "tmp-";
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(250);

    private readonly GgufHostPackage _package = new(packageFolder);
    private readonly NodeTools _tools = new(searchPath);
    private readonly string _root = Path.Combine(home, "gguf-host");

    /// <summary>The installer of the package beside the running program, by this process's environment.</summary>
    public static GgufHostInstaller ForThisProgram(TimeProvider time)
    {
        return new GgufHostInstaller(Path.Combine(AppContext.BaseDirectory, "gguf-host"), UserFolder.Find(), Environment.GetEnvironmentVariable("PATH"), time);
    }

    /// <summary>Installs what is missing; at once when nothing is. Expected trouble is a result; only cancellation throws.</summary>
    /// <param name="progress">Gets lines for people.</param>
    public async Task<GgufHostInstallation> EnsureAsync(GgufHostAccelerator accelerator, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (!_package.Exists)
            return GgufHostInstallation.Failed($"the folder '{packageFolder}' is missing or not complete; reinstall HybridRouter");
        if (GgufHostPlatform.Packages(GgufHostPlatform.System, RuntimeInformation.OSArchitecture, accelerator) is not { } platform)
            return GgufHostInstallation.Failed($"there is no {accelerator} build of llama.cpp for {RuntimeInformation.RuntimeIdentifier}; use the preset llama-server");
        var (node, problem) = await _tools.FindNodeAsync(cancellationToken).ConfigureAwait(false);
        if (node is null)
            return GgufHostInstallation.Failed(problem!);
        try
        {
            var (target, server) = Paths(platform);
            if (!File.Exists(server))
                problem = await InstallAsync(target, server, platform, progress, cancellationToken).ConfigureAwait(false);
            return problem is null ? GgufHostInstallation.Ready(node, server) : GgufHostInstallation.Failed(problem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return GgufHostInstallation.Failed($"'{_root}' cannot be written ({e.Message}); set {UserFolder.Variable} to a folder that can");
        }
    }

    /// <summary>Whether a start would need no installation first. Does not look for Node.</summary>
    public bool IsInstalled(GgufHostAccelerator accelerator) =>
        _package.Exists
        && GgufHostPlatform.Packages(GgufHostPlatform.System, RuntimeInformation.OSArchitecture, accelerator) is { } platform
        && File.Exists(Paths(platform).Server);

    private (string Target, string Server) Paths(IReadOnlyList<string> platform)
    {
        var target = Path.Combine(_root, _package.DependenciesId(platform));
        return (target, Path.Combine(target, "server-" + _package.CodeId(), GgufHostPackage.ServerFile));
    }

    private async Task<string?> InstallAsync(
        string target, string server, IReadOnlyList<string> platform, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_root);
        using var hold = await LockAsync(progress, cancellationToken).ConfigureAwait(false);
        RemoveLeftovers();
        if (!Directory.Exists(target))
        {
            var problem = await InstallPackagesAsync(target, platform, progress, cancellationToken).ConfigureAwait(false);
            if (problem is not null)
                return problem;
        }

        // Node finds the packages in the folder above, so that new server code needs no new installation.
        if (!File.Exists(server))
            Complete(Path.GetDirectoryName(server)!, _package.CopyCode);
        return null;
    }

    private async Task<string?> InstallPackagesAsync(string target, IReadOnlyList<string> platform, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var (npm, problem) = _tools.FindNpm();
        if (npm is null)
            return problem;
        progress?.Report($"gguf-host: installing node-llama-cpp {GgufHostPackage.NodeLlamaCppVersion} with npm ({string.Join(", ", platform)}), once per user");
        var began = time.GetTimestamp();
        var folder = NewTemporary();
        _package.CopyNpmFiles(folder);
        var output = new NpmOutput(progress);

        // "npm ci" asks that every platform's binaries be in the lock file and installs all that fit the machine, GPU
        // packages included. "install" takes the same locked versions and only the binaries named.
        List<string> arguments =
        [
            "install", "--no-save", "--omit=optional", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier",
            "--loglevel=http", .. platform.Select(name => $"{name}@{GgufHostPackage.NodeLlamaCppVersion}"),
        ];
        var (code, last) = await NodeTools.RunAsync(npm, arguments, folder, output.Take, cancellationToken).ConfigureAwait(false);
        if (code != 0)
        {
            Directory.Delete(folder, recursive: true);
            return code < 0 ? $"npm could not be started: {last}" : output.Reason(code);
        }
        Directory.Move(folder, target);
        progress?.Report(string.Create(CultureInfo.InvariantCulture, $"gguf-host: installed in {time.GetElapsedTime(began).TotalSeconds:0.0} s"));
        return null;
    }

    private void Complete(string target, Action<string> fill)
    {
        var folder = NewTemporary();
        fill(folder);
        Directory.Move(folder, target);
    }

    private string NewTemporary() => Directory.CreateDirectory(Path.Combine(_root, TemporaryPrefix + Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>Only called under the lock, so nobody is at work in them.</summary>
    private void RemoveLeftovers()
    {
        foreach (var folder in Directory.GetDirectories(_root, TemporaryPrefix + "*"))
            Directory.Delete(folder, recursive: true);
    }

    private async Task<FileStream> LockAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_root, "install.lock");
        for (var told = false; ; told = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (!told)
                    progress?.Report("gguf-host: waiting for another process that installs it");
                await Task.Delay(LockPoll, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
