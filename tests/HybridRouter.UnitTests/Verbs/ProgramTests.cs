using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using HybridRouter.UnitTests.Triage;
using HybridRouter.Verbs;

namespace HybridRouter.UnitTests.Verbs;

/// <summary>The real program: its exit codes, its streams, and how it ends.</summary>
public sealed class ProgramTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Program_UnknownVerb_IsTwo() => Assert.Equal(ExitCode.Usage, (await CommandRun.AsProgramAsync(_folder.Path, "", "frobnicate")).Exit);

    [Fact]
    public async Task Program_RouteFromStandardInput_WritesOnlyJsonToItsOutput()
    {
        var outcome = await CommandRun.AsProgramAsync(_folder.Path, "rename a variable in bash", "route", "-", "--json");

        Assert.Equal(ExitCode.Ok, outcome.Exit);
        Assert.Equal("hybridrouter.route", JsonDocument.Parse(outcome.Output).RootElement.GetProperty("object").GetString());
    }

    [Theory]
    [InlineData("serve", "/healthz", "INT")]
    [InlineData("serve", "/healthz", "TERM")]
    [InlineData("simulate-cloud", "/_simulator/state", "INT")]
    public async Task Program_ServerThatIsTold_EndsCleanlyWithZero(string verb, string path, string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no kill on Windows; Ctrl+C takes the same way through the runtime.");
        using var process = CommandRun.Start(_folder.Path, verb, "--urls", "http://127.0.0.1:0");
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken);
            var address = line!.Split(' ', ';').Single(word => word.StartsWith("http://", StringComparison.Ordinal));
            using var http = new HttpClient();
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(address + path, TestContext.Current.CancellationToken)).StatusCode);

            Process.Start("kill", ["-" + signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).Dispose();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);

            Assert.Equal((ExitCode.Ok, ""), (process.ExitCode, await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task Program_PortInUse_IsOneAndOneLineThatSaysWhatToDo()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        var outcome = await CommandRun.AsProgramAsync(_folder.Path, "", "serve", "--urls", $"http://{taken.LocalEndpoint}");

        Assert.Equal((ExitCode.Failed, ""), (outcome.Exit, outcome.Output));
        Assert.Contains("choose another one with --urls", Assert.Single(outcome.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }
}
