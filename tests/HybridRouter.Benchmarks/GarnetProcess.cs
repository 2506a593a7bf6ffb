using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HybridRouter.Local.Processes;

namespace HybridRouter.Benchmarks;

/// <summary>Garnet on loopback, as test.sh installs it.</summary>
internal sealed class GarnetProcess : IDisposable
{
    private const string Version = "2.2.8";

    private readonly Process _process;

    private GarnetProcess(Process process, string connection) => (_process, Connection) = (process, connection);

    public string Connection { get; }

    /// <exception cref="FileNotFoundException">It is not installed.</exception>
    public static async Task<GarnetProcess> StartAsync()
    {
        var program = Program();
        var port = LoopbackPort.Pick();
        string[] arguments =
        [
            "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--lua", "true", "--lua-transaction-mode", "true",
            "--memory", "256m", "--index", "16m",
        ];
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true };
        var garnet = new GarnetProcess(Process.Start(start)!, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"));
        _ = garnet._process.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await ListensAsync(port, limit.Token))
            await Task.Delay(50, limit.Token);
        return garnet;
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string Program()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var program = Path.Combine(folder.FullName, ".cache", "garnet", Version, OperatingSystem.IsWindows() ? "garnet-server.exe" : "garnet-server");
            if (File.Exists(program))
                return program;
        }
        throw new FileNotFoundException($"Garnet is not installed: dotnet tool install garnet-server --version {Version} --tool-path .cache/garnet/{Version}");
    }

    private static async Task<bool> ListensAsync(int port, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
