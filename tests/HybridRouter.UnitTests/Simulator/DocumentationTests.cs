using System.Text;
using System.Text.Json;
using HybridRouter.Simulator;
using HybridRouter.Simulator.Control;

namespace HybridRouter.UnitTests.Simulator;

/// <summary>What docs/simulated-cloud.md shows can be used as it stands.</summary>
public sealed class DocumentationTests
{
    private readonly string _text = File.ReadAllText(Path.Combine(Root(), "docs", "simulated-cloud.md"));

    [Fact]
    public void Options_Example_IsValid() =>
        Assert.Empty(SimulatedCloudOptions.Parse(Block("```json\n")).Validate());

    [Fact]
    public void Options_Example_NamesEveryMember()
    {
        var example = Block("```json\n");

        foreach (var member in typeof(SimulatedCloudOptions).GetProperties())
            Assert.Contains($"\"{JsonNamingPolicy.CamelCase.ConvertName(member.Name)}\"", example);
    }

    [Fact]
    public void Faults_Example_IsValid() => Assert.Null(FaultRequest.Parse(Encoding.UTF8.GetBytes(Block("```json faults\n"))).Error);

    [Fact]
    public void Limits_Example_CanBeRead() =>
        Assert.NotNull(JsonSerializer.Deserialize(Block("```json limits\n"), SimulatorJson.Instance.LimitsChange)!.Limits);

    [Fact]
    public void Faults_Table_HasEveryKind()
    {
        foreach (var kind in Enum.GetNames<SimulatedFaultKind>())
            Assert.Contains($"\n| `{JsonNamingPolicy.CamelCase.ConvertName(kind)}` |", _text);
    }

    private string Block(string fence) => _text.Split(fence, 2)[1].Split("```", 2)[0];

    private static string Root()
    {
        var at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "HybridRouter.sln")))
            at = Path.GetDirectoryName(at) ?? throw new DirectoryNotFoundException("The tests must run inside the repository.");
        return at;
    }
}
