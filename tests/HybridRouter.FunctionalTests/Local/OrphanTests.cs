using System.Diagnostics;
using System.Globalization;
using HybridRouter.Local.Processes;

namespace HybridRouter.FunctionalTests.Local;

/// <summary>No model process outlives its router. The router is played by the fake model's "host" mode, so that it can be killed.</summary>
public sealed class OrphanTests : IDisposable
{
    private readonly string _records = Directory.CreateTempSubdirectory("hybridrouter-test-").FullName;

    [Fact]
    public async Task Kill_Router_TakesTheModelWithIt()
    {
        using var host = StartHost(out var url, out _);
        Assert.True(await AnswersAsync(url));

        host.Kill();

        await Eventually.TrueAsync(async () => !await AnswersAsync(url), "the model ended with the router");
    }

    [Fact]
    public async Task CleanUp_RouterAndWatcherKilledTogether_EndsWhatIsLeft()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Leftovers are found through /proc; Windows has job objects.");
        using var host = StartHost(out var url, out var watcher);
        var records = new LaunchRecords(_records);
        Assert.Equal(0, records.CleanUp()); // Its router lives: not a leftover.

        // The watching shell and its reader die first, then the router: nobody is left to end the model.
        foreach (var shell in Descendants(watcher).Where(p => p.ProcessName == "sh").Append(Process.GetProcessById(watcher)))
            shell.Kill();
        host.Kill();
        await host.WaitForExitAsync();
        Assert.True(await AnswersAsync(url));

        // A killed shell may still be on its way out and counts too.
        Assert.InRange(records.CleanUp(), 1, 3);

        await Eventually.TrueAsync(async () => !await AnswersAsync(url), "the leftover was ended");
        Assert.Empty(Directory.EnumerateFiles(_records));
    }

    [Fact]
    public void CleanUp_RecordOfADeadRouterAndForeignProcess_KillsNothing()
    {
        // The owner's number is given out anew (to us), but started at another time; no process carries the mark.
        File.WriteAllText(Path.Combine(_records, "0123abcd"), $"{Environment.ProcessId} 12345");
        File.WriteAllText(Path.Combine(_records, "garbage"), "not a record");

        Assert.Equal(0, new LaunchRecords(_records).CleanUp());
        Assert.Empty(Directory.EnumerateFiles(_records));
    }

    public void Dispose() => Directory.Delete(_records, recursive: true);

    private Process StartHost(out Uri url, out int processId)
    {
        var host = Process.Start(new ProcessStartInfo(FakeModelProgram.Executable, ["host", FakeModelProgram.Executable, _records]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var words = host.StandardOutput.ReadLine()!.Split(' ');
        url = new Uri(words[0]);
        processId = int.Parse(words[1], CultureInfo.InvariantCulture);
        return host;
    }

    private static List<Process> Descendants(int id)
    {
        var children = File.ReadAllText($"/proc/{id}/task/{id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [.. children.Select(c => Process.GetProcessById(int.Parse(c, CultureInfo.InvariantCulture)))];
    }

    private static async Task<bool> AnswersAsync(Uri baseUrl)
    {
        using var http = new HttpClient();
        try
        {
            using var response = await http.GetAsync(new Uri(baseUrl, "/health"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
