using System.Diagnostics;

namespace HybridRouter.Bench;

/// <summary>
/// How late timers are on this machine while the bench runs. What they are late is multiplied by the speed, so a machine
/// that cannot keep up makes every wait longer than it would be.
/// </summary>
internal sealed class ClockLag : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<double> _late = [];
    private readonly Task _loop;

    public ClockLag() => _loop = Task.Run(RunAsync);

    /// <summary>Stops, and tells how late 99 of 100 timers were at most, real time.</summary>
    public async Task<TimeSpan> StopAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        return TimeSpan.FromMilliseconds(WaitFigures.Of([.. _late.Order()]).P99 ?? 0);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            await Task.Delay(Step, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_stop.IsCancellationRequested)
                _late.Add(Math.Max(0, (Stopwatch.GetElapsedTime(start) - Step).TotalMilliseconds));
        }
    }
}
