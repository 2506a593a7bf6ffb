using Microsoft.Extensions.Logging;

namespace HybridRouter.Storage;

/// <summary>Removes what a database has kept long enough, at the start and once an hour.</summary>
/// <param name="what">In words, for the log: "stored responses".</param>
/// <param name="keep">How long it is kept.</param>
/// <param name="remove">Removes what is older than that moment and tells how much it was; throws <see cref="IOException"/> when it cannot.</param>
public sealed partial class RetentionSweep(
    string what, TimeSpan keep, Func<DateTimeOffset, CancellationToken, Task<int>> remove, TimeProvider time, ILogger<RetentionSweep> logger)
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
            var removed = await remove(time.GetUtcNow() - keep, cancellationToken).ConfigureAwait(false);
            if (removed > 0)
                LogSwept(what, removed);
        }
        // A store that was closed because the program ends is no failure.
        catch (IOException e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(e, what);
        }
    }

    [LoggerMessage(EventId = 1302, Level = LogLevel.Information, Message = "Removed from the {What} as their time was over: {Count}")]
    private partial void LogSwept(string what, int count);

    [LoggerMessage(EventId = 1303, Level = LogLevel.Error, Message = "What is over could not be removed from the {What}; the next try is in an hour")]
    private partial void LogFailed(Exception exception, string what);
}
