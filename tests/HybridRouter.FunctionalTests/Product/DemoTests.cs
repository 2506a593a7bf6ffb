using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using HybridRouter.Configuration;
using HybridRouter.Demo;
using HybridRouter.FunctionalTests.GgufHost;

namespace HybridRouter.FunctionalTests.Product;

/// <summary>The demo as a user starts it.</summary>
public sealed partial class DemoTests
{
    private const string CloudModel = "simulated-codex";
    private static readonly string[] Once = ["demo", "--once", "--urls", "http://127.0.0.1:0"];

    [Fact]
    public async Task Demo_Once_AnswersAllPromptsOnBothRoutes()
    {
        await GgufHostFixture.InstallAsync();

        var end = await RouterProgram.RunAsync(Once);

        AssertWholeTable(end);
        var rows = Rows(end);
        Assert.All(rows, r => Assert.Equal(r.Route == "local" ? EmbeddedDefaults.TinyModel : CloudModel, r.Model));
        Assert.True(rows.Count(r => r.Route == "local") >= 8 && rows.Count(r => r.Route == "cloud") >= 4, end.ToString());
        Assert.Matches(@"\d+ of 20 prompts answered locally; [1-9]\d+ of \d+ tokens", end.Output);
        Assert.Contains("models pull", end.Output, StringComparison.Ordinal);
        Assert.Empty(end.Error);
        if (OperatingSystem.IsLinux())
            Assert.Empty(RouterProgram.Family(end.Mark));
    }

    [Fact]
    public async Task Demo_WithoutNode_SaysSoAndAnswersFromTheCloud()
    {
        var empty = Directory.CreateTempSubdirectory("hybridrouter-test-");

        var end = await RouterProgram.RunAsync(Once, environment: new Dictionary<string, string?> { ["PATH"] = empty.FullName });

        empty.Delete();
        AssertWholeTable(end);
        Assert.All(Rows(end), r => Assert.Equal(("cloud", CloudModel), (r.Route, r.Model)));
        Assert.All(Rows(end), r => Assert.Matches("^(complex: |local cannot serve: several|local unavailable: .* cannot be loaded)", r.Reason));
        Assert.Matches("No local engine: Node.js is not on PATH; install Node.js 20 or newer.*Local prompts went to the cloud", end.Output);
        Assert.Contains("0 of 20 prompts answered locally", end.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_PortTaken_SaysWhatToDo()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var url = $"http://{other.LocalEndpoint}";

        var end = await RouterProgram.RunAsync(["demo", "--once", "--urls", url]);

        Assert.True(end.ExitCode == 1, end.ToString());
        Assert.Equal($"Failed to bind to address {url}: address already in use. Another program uses the port; stop it, or choose another one with --urls.", end.Error.Trim());
        Assert.DoesNotContain("   at ", end.Output, StringComparison.Ordinal);
    }

    private static void AssertWholeTable(ProgramEnd end)
    {
        Assert.True(end.ExitCode == 0, end.ToString());
        Assert.Equal(DemoPrompts.All.Select(p => p.Title + (p.Stream ? " (streamed)" : "")), Rows(end).Select(r => r.Title));
        Assert.All(Rows(end), r => Assert.Matches(@"^[1-9]\d*\+[1-9]\d*$", r.Tokens));
        foreach (var word in (string[])["demo-key", "Bearer", "Authorization", "sk-"])
            Assert.DoesNotContain(word, end.Output + end.Error, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>First lines of the table's rows; a long reason goes on below them.</summary>
    private static List<Row> Rows(ProgramEnd end) => [.. end.Output.Split('\n')
        .Select(line => Columns().Split(line.Trim()))
        .Where(columns => columns.Length == 9 && columns[2] is "local" or "cloud")
        .Select(c => new Row(c[0], c[2], c[3], c[4], c[7]))];

    private sealed record Row(string Title, string Route, string Model, string Reason, string Tokens);

    [GeneratedRegex(" {2,}")]
    private static partial Regex Columns();
}
