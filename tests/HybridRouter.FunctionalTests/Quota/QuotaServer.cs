using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Local.Processes;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>A real server of the Redis protocol on loopback that keeps nothing on disk. Started at the first use, stopped with the tests that share it.</summary>
public abstract class QuotaServer : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hybridrouter-quota-").FullName;
    private Process? _process;
    private int _started;

    public int Port { get; private set; } = LoopbackPort.Pick();

    public string Connection => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Skips the test where the program is not installed; with CI=true a skipped test fails.</summary>
    public async Task StartAsync()
    {
        if (_process is { HasExited: false })
            return;
        for (var attempt = 1; !await TryStartAsync(); attempt++)
        {
            // One that was there before must come back where its clients look for it.
            Assert.True(_started == 0 && attempt < 5, "The server cannot be started.");
            Port = LoopbackPort.Pick();
        }
        _started++;
    }

    /// <summary>It is gone, with all that it knew.</summary>
    public async Task KillAsync()
    {
        if (_process is not { HasExited: false })
            return;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>It keeps its connections and answers nothing.</summary>
    public Task FreezeAsync() => SignalAsync("-STOP");

    public Task ThawAsync() => SignalAsync("-CONT");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected abstract Task<(string Program, string[] Arguments)> CommandAsync();

    private async Task<bool> TryStartAsync()
    {
        var (program, arguments) = await CommandAsync();
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        _process?.Dispose();
        _process = Process.Start(start)!;
        _ = _process.StandardOutput.ReadToEndAsync();
        _ = _process.StandardError.ReadToEndAsync();
        await Eventually.TrueAsync(async () => _process.HasExited || await AnswersAsync(), $"{program} answers on port {Port}", seconds: 60);
        return !_process.HasExited;
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray());
            var answer = new byte[5];
            await stream.ReadExactlyAsync(answer);
            return answer.AsSpan().SequenceEqual("+PONG"u8) || answer.AsSpan().SequenceEqual("-NOAU"u8);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}
