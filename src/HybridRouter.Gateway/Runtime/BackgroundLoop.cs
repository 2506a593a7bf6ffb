using Microsoft.Extensions.Hosting;

namespace HybridRouter.Gateway.Runtime;

/// <summary>
/// Work that goes on while the gateway runs. Unlike the framework's own base class it begins even when the host is stopped
/// before its turn came, as with an address that is taken: there the host would take the task that never ran for a crash.
/// </summary>
internal abstract class BackgroundLoop : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public virtual Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.Run(() => RunAsync(_stopping.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public virtual void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    /// <summary>Ends when the token is cancelled, by returning or by throwing; looks after its own errors.</summary>
    protected abstract Task RunAsync(CancellationToken stoppingToken);
}
