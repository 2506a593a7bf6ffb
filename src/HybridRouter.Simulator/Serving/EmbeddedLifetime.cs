using Microsoft.Extensions.Hosting;

namespace HybridRouter.Simulator.Serving;

/// <summary>
/// Leaves signals alone. The usual lifetime takes Ctrl-C and SIGTERM for itself, so a process that only embeds a
/// simulated cloud could no longer be ended by them.
/// </summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
