using System.Diagnostics;
using System.Globalization;
using HybridRouter.FunctionalTests.Local;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>Another process that holds quota until it is killed.</summary>
internal sealed class HolderProcess : IDisposable
{
    private readonly Process _process;

    private HolderProcess(Process process) => _process = process;

    public static HolderProcess Start(string connection, string name, int leaseSeconds)
    {
        string[] arguments = ["hold", connection, name, leaseSeconds.ToString(CultureInfo.InvariantCulture)];
        return new HolderProcess(Process.Start(new ProcessStartInfo(FakeModelProgram.Executable, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!);
    }

    public async Task<string?> FirstLineAsync() => await _process.StandardOutput.ReadLineAsync();

    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
