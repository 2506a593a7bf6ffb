using HybridRouter.Storage;

namespace HybridRouter.Gateway.Runtime;

/// <summary>Runs a sweep for as long as the gateway runs.</summary>
internal abstract class Sweeping(RetentionSweep sweep) : BackgroundLoop
{
    protected override Task RunAsync(CancellationToken stoppingToken) => sweep.RunAsync(stoppingToken);
}

/// <summary>A type of its own, as hosted services are told apart by theirs.</summary>
internal sealed class ResponseSweeping(RetentionSweep sweep) : Sweeping(sweep);

internal sealed class TrafficSweeping(RetentionSweep sweep) : Sweeping(sweep);
