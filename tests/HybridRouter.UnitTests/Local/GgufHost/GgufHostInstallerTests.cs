using HybridRouter.Local.GgufHost;

namespace HybridRouter.UnitTests.Local.GgufHost;

/// <summary>With shell scripts in the place of Node and npm; the real ones are for the functional tests.</summary>
public sealed class GgufHostInstallerTests : IDisposable
{
    private const string GoodNpm = "echo run >> \"$0.runs\"\nmkdir node_modules\necho 'npm http fetch GET 200 x'";

    private readonly string _folder = Directory.CreateTempSubdirectory("gguf-host-").FullName;

    public GgufHostInstallerTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-ins for Node and npm are shell scripts.");
        Directory.CreateDirectory(InFolder("bin"));
        Directory.CreateDirectory(InFolder("package"));
        File.WriteAllText(InFolder("package/package.json"), "{}");
        File.WriteAllText(InFolder("package/package-lock.json"), "{}");
        File.WriteAllText(InFolder("package/server.mjs"), "// one");
    }

    [Fact]
    public async Task EnsureAsync_NoNode_SaysWhatToInstall() =>
        Assert.Contains("Node.js is not on PATH", (await EnsureAsync()).Problem, StringComparison.Ordinal);

    [Fact]
    public async Task EnsureAsync_OldNode_SaysSo()
    {
        Program("node", "echo v18.19.1");
        Assert.Contains("Node.js v18.19.1 is too old", (await EnsureAsync()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnsureAsync_BrokenNode_SaysSo()
    {
        Program("node", "exit 3");
        Assert.Contains("exit code 3", (await EnsureAsync()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnsureAsync_NoNpm_SaysSo()
    {
        Program("node", "echo v20.1.0");
        Assert.Contains("npm is not on PATH", (await EnsureAsync()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnsureAsync_Offline_SaysSoAndLeavesNothing()
    {
        Program("node", "echo v20.1.0");
        Program("npm", "echo 'npm error code ENOTFOUND' >&2; echo 'npm error network request failed' >&2; exit 1");

        Assert.Contains("cannot reach its registry (ENOTFOUND)", (await EnsureAsync()).Problem, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(InFolder("home/gguf-host")));
    }

    [Fact]
    public async Task EnsureAsync_NpmFails_GivesItsLastWords()
    {
        Program("node", "echo v20.1.0");
        Program("npm", "echo 'npm error first' >&2; echo 'npm error the disk is full' >&2; echo 'npm error A complete log of this run can be found in: x' >&2; exit 4");

        Assert.Equal("npm failed with exit code 4: the disk is full", (await EnsureAsync()).Problem);
    }

    [Fact]
    public async Task EnsureAsync_SecondCall_RunsNpmOnce()
    {
        Program("node", "echo v22.0.0");
        Program("npm", GoodNpm);
        var lines = new Lines();

        var first = await EnsureAsync(lines);
        var second = await EnsureAsync();

        Assert.Null(first.Problem);
        Assert.Equal(first, second);
        Assert.Equal(InFolder("bin/node"), first.Node);
        Assert.Equal("// one", await File.ReadAllTextAsync(first.Server!));
        Assert.Single(await File.ReadAllLinesAsync(InFolder("bin/npm.runs")));
        Assert.Contains(lines.All, line => line.Contains("installed in", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EnsureAsync_TwoAtOnce_RunNpmOnce()
    {
        Program("node", "echo v22.0.0");
        Program("npm", "sleep 0.3\n" + GoodNpm);

        var both = await Task.WhenAll(EnsureAsync(), EnsureAsync());

        Assert.Equal(both[0], both[1]);
        Assert.Null(both[0].Problem);
        Assert.Single(await File.ReadAllLinesAsync(InFolder("bin/npm.runs")));
    }

    [Fact]
    public async Task EnsureAsync_NewServerCode_IsUsedWithoutNpm()
    {
        Program("node", "echo v22.0.0");
        Program("npm", GoodNpm);
        await EnsureAsync();
        await File.WriteAllTextAsync(InFolder("package/server.mjs"), "// two");

        var again = await EnsureAsync();

        Assert.Equal("// two", await File.ReadAllTextAsync(again.Server!));
        Assert.Single(await File.ReadAllLinesAsync(InFolder("bin/npm.runs")));
    }

    [Fact]
    public async Task EnsureAsync_NewLockFile_InstallsAnew()
    {
        Program("node", "echo v22.0.0");
        Program("npm", GoodNpm);
        await EnsureAsync();
        await File.WriteAllTextAsync(InFolder("package/package-lock.json"), "{ }");

        Assert.Null((await EnsureAsync()).Problem);
        Assert.Equal(2, (await File.ReadAllLinesAsync(InFolder("bin/npm.runs"))).Length);
    }

    [Fact]
    public async Task EnsureAsync_PackageMissing_SaysSo()
    {
        File.Delete(InFolder("package/server.mjs"));
        Assert.Contains("is missing or not complete", (await EnsureAsync()).Problem, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string InFolder(string path) => Path.Combine(_folder, path);

    private Task<GgufHostInstallation> EnsureAsync(IProgress<string>? progress = null) =>
        new GgufHostInstaller(InFolder("package"), InFolder("home"), InFolder("bin"), TimeProvider.System)
            .EnsureAsync(GgufHostAccelerator.Cpu, progress, TestContext.Current.CancellationToken);

    private void Program(string name, string script)
    {
        var path = InFolder("bin/" + name);
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private sealed class Lines : IProgress<string>
    {
        public List<string> All { get; } = [];

        public void Report(string value) => All.Add(value);
    }
}
