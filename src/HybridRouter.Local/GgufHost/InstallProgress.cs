using Microsoft.Extensions.Logging;

namespace HybridRouter.Local.GgufHost;

/// <summary>Logs the lines of an installation as they come, in order.</summary>
internal sealed class InstallProgress(ILogger logger) : IProgress<string>
{
    public void Report(string value) => Log.Installing(logger, value);
}
