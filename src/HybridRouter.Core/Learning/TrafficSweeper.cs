using Microsoft.Extensions.Logging;

namespace HybridRouter.Learning;

/// <summary>Removes traffic whose time is over, at the start and once an hour.</summary>
/// <param name="keep">How long a request is kept.</param>
public sealed partial class TrafficSweeper(TrafficStore store, TimeSpan keep, TimeProvider time, ILogger<TrafficSweeper> logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    /// <summary>Runs until it is cancelled, and then returns.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            do
            {
                await SweepAsync(cancellationToken).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && cancellationToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var removed = await store.SweepAsync(time.GetUtcNow() - keep, cancellationToken).ConfigureAwait(false);
            if (removed > 0)
                LogSwept(removed);
        }
        // A store that was closed because the program ends is no failure.
        catch (IOException e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(e);
        }
    }

    [LoggerMessage(EventId = 1504, Level = LogLevel.Information, Message = "Removed {Count} requests from the traffic database, as their time was over")]
    private partial void LogSwept(int count);

    [LoggerMessage(EventId = 1505, Level = LogLevel.Error, Message = "Old requests could not be removed from the traffic database; the next try is in an hour")]
    private partial void LogFailed(Exception exception);
}
