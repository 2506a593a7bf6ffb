using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using HybridRouter.Configuration;
using HybridRouter.Local.GgufHost;
using HybridRouter.Local.Processes;
using Machine = System.Runtime.InteropServices.Architecture;

namespace HybridRouter.UnitTests.Local.GgufHost;

public sealed class GgufHostPackageTests
{
    private static readonly string Shipped = Path.Combine(AppContext.BaseDirectory, "gguf-host");

    [Fact]
    public void Version_PackageJsonAndLock_AreTheSame()
    {
        var package = JsonNode.Parse(File.ReadAllText(Path.Combine(Shipped, "package.json")))!;
        var locked = JsonNode.Parse(File.ReadAllText(Path.Combine(Shipped, "package-lock.json")))!;

        Assert.Equal(GgufHostPackage.NodeLlamaCppVersion, (string?)package["dependencies"]!["node-llama-cpp"]);
        Assert.Equal(GgufHostPackage.NodeLlamaCppVersion, (string?)locked["packages"]!["node_modules/node-llama-cpp"]!["version"]);
    }

    [Fact]
    public void LockFile_Entries_NameNoRegistryAndHaveIntegrity()
    {
        var packages = JsonNode.Parse(File.ReadAllText(Path.Combine(Shipped, "package-lock.json")))!["packages"]!.AsObject();

        Assert.All(packages.Where(p => p.Key.Length > 0), package =>
        {
            Assert.Null(package.Value!["resolved"]);
            Assert.StartsWith("sha512-", (string?)package.Value["integrity"], StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("LINUX", Machine.X64, GgufHostAccelerator.Cpu, "linux-x64")]
    [InlineData("LINUX", Machine.X64, GgufHostAccelerator.Cuda, "linux-x64 linux-x64-cuda linux-x64-cuda-ext")]
    [InlineData("LINUX", Machine.Arm64, GgufHostAccelerator.Cpu, "linux-arm64")]
    [InlineData("LINUX", Machine.Arm64, GgufHostAccelerator.Cuda, null)]
    [InlineData("WINDOWS", Machine.X64, GgufHostAccelerator.Vulkan, "win-x64 win-x64-vulkan")]
    [InlineData("OSX", Machine.Arm64, GgufHostAccelerator.Cuda, "mac-arm64-metal")]
    [InlineData("OSX", Machine.X64, GgufHostAccelerator.Vulkan, null)]
    [InlineData("FREEBSD", Machine.X64, GgufHostAccelerator.Cpu, null)]
    public void Packages_Machine_AreItsOwnOnly(string system, Machine architecture, GgufHostAccelerator accelerator, string? expected) =>
        Assert.Equal(expected?.Split(' ').Select(name => "@node-llama-cpp/" + name), GgufHostPlatform.Packages(OSPlatform.Create(system), architecture, accelerator));

    [Theory]
    [InlineData("v20.20.2", 20)]
    [InlineData("v8.1.0", 8)]
    [InlineData("20.1.0", null)]
    [InlineData("v.1", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void MajorOf_Version_IsRead(string? version, int? expected) => Assert.Equal(expected, NodeTools.MajorOf(version));

    [Fact]
    public void For_Launch_MakesTheCommandLine()
    {
        var engine = new LocalEngineOptions { Arguments = ["--gpu", "CUDA"], Environment = { ["CUDA_VISIBLE_DEVICES"] = "1" } };
        var launch = new ModelLaunch { File = "/m/x.gguf", Alias = "x", ContextTokens = 4096, Slots = 3, Port = 5555, ApiKey = "secret", Embeddings = true };

        var line = GgufHostCommand.For(GgufHostInstallation.Ready("/usr/bin/node", "/c/server.mjs"), launch, engine);

        Assert.Equal("/usr/bin/node", line.FileName);
        Assert.Equal(
            "/c/server.mjs --model /m/x.gguf --host 127.0.0.1 --port 5555 --alias x --ctx 4096 --parallel 3 --gpu-layers -1 --embeddings --gpu CUDA",
            string.Join(' ', line.Arguments));
        Assert.Equal("secret", line.Environment["GGUF_HOST_API_KEY"]);
        Assert.Equal("1", line.Environment["CUDA_VISIBLE_DEVICES"]);
        Assert.True(line.EndsWithStdin);
        Assert.Equal(GgufHostAccelerator.Cuda, GgufHostCommand.AcceleratorOf(engine.Arguments));
        Assert.Equal(GgufHostAccelerator.Cpu, GgufHostCommand.AcceleratorOf(["--gpu"]));
    }
}
