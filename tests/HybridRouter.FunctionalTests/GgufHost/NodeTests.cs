using HybridRouter.Local.GgufHost;

namespace HybridRouter.FunctionalTests.GgufHost;

public sealed class NodeTests
{
    [Fact]
    public async Task GgufHost_ItsOwnTests_Pass()
    {
        var (node, problem) = await new NodeTools(Environment.GetEnvironmentVariable("PATH")).FindNodeAsync(TestContext.Current.CancellationToken);
        Assert.True(node is not null, problem);
        var output = new List<string>();
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "GgufHost", "gguf-host.test.mjs"), Path.Combine(AppContext.BaseDirectory, "gguf-host")];

        var (code, _) = await NodeTools.RunAsync(node, arguments, AppContext.BaseDirectory, output.Add, TestContext.Current.CancellationToken);

        Assert.True(code == 0, string.Join('\n', output));
        Assert.Contains("# pass 15", output);
    }
}
