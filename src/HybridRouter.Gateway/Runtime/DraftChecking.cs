using HybridRouter.Flow;

namespace HybridRouter.Gateway.Runtime;

/// <summary>Checks local drafts that were sent already, for as long as the gateway runs.</summary>
internal sealed class DraftChecking(DraftDesk desk) : BackgroundLoop
{
    protected override Task RunAsync(CancellationToken stoppingToken) => desk.RunAsync(stoppingToken);
}
