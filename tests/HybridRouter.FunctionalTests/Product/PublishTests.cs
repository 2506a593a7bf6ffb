using System.Text.Json.Nodes;
using HybridRouter.FunctionalTests.Clients;
using HybridRouter.FunctionalTests.GgufHost;

namespace HybridRouter.FunctionalTests.Product;

/// <summary>What <c>dotnet publish</c> makes runs elsewhere, without the repository around it.</summary>
public sealed class PublishTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hybridrouter-test-");

    [Fact]
    public async Task Publish_OtherFolder_RunsRouteDoctorAndDemo()
    {
        await GgufHostFixture.InstallAsync();
        var target = Path.Combine(_folder.FullName, "program");
        var elsewhere = _folder.CreateSubdirectory("elsewhere").FullName;
        var project = Path.Combine(RepositoryFolder.Root, "src", "HybridRouter", "HybridRouter.csproj");
        // Built already, as these tests refer to it.
        var published = await ClientProcess.RunAsync(
            "dotnet", ["publish", project, "--no-build", "-c", Configuration, "-o", target, "-nodeReuse:false"], elsewhere, new Dictionary<string, string?>(), TimeSpan.FromMinutes(3));
        Assert.True(published.ExitCode == 0, published.Output + published.Error);
        var program = Path.Combine(target, Path.GetFileName(RouterProgram.Executable));

        var route = await RouterProgram.RunAsync(["route", "add two numbers", "--json"], elsewhere, program: program);
        var doctor = await RouterProgram.RunAsync(["doctor", "--json"], elsewhere, program: program);
        var demo = await RouterProgram.RunAsync(["demo", "--once", "--urls", "http://127.0.0.1:0"], elsewhere, program: program);

        Assert.True(route.ExitCode == 0, route.ToString());
        Assert.Equal("local", (string?)JsonNode.Parse(route.Output)!["route"]);
        Assert.True(doctor.ExitCode == 0, doctor.ToString());
        var findings = JsonNode.Parse(doctor.Output)!.AsArray();
        Assert.Equal("ok", (string?)findings.Single(f => (string?)f!["what"] == "triage model")!["level"]);
        Assert.StartsWith(Path.Combine(target, "models"), (string?)findings.Single(f => (string?)f!["what"] == "model hybridrouter-tiny")!["state"], StringComparison.Ordinal);
        Assert.True(demo.ExitCode == 0, demo.ToString());
        Assert.Matches("[1-9][0-9]* of 20 prompts answered locally", demo.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(elsewhere));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Configuration => new DirectoryInfo(Path.GetDirectoryName(RouterProgram.Executable)!).Parent!.Name;
}
