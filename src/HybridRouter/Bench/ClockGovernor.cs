using System.Diagnostics;

namespace HybridRouter.Bench;

/// <summary>
/// Slows the clock down while the machine cannot keep up. Being late for a moment of real time is being late for many
/// of simulated time, so a busy machine would measure itself instead of the router.
/// </summary>
internal sealed class ClockGovernor : IAsyncDisposable
{
    /// <summary>Most of simulated time that a timer should be late.</summary>
    private static readonly TimeSpan TolerableLag = TimeSpan.FromSeconds(0.3);

    /// <summary>It never runs slower than this part of its speed, or it would never end.</summary>
    private const double LowestShare = 0.2;

    private const int Window = 25;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private readonly ScaledTimeProvider _clock;
    private readonly double _speed;
    private readonly long _start;
    private readonly long _realStart = Stopwatch.GetTimestamp();
    private readonly List<double> _lags = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public ClockGovernor(ScaledTimeProvider clock)
    {
        (_clock, _speed, _start) = (clock, clock.Factor, clock.GetTimestamp());
        _loop = Task.Run(RunAsync);
    }

    /// <param name="speed">As fast as it may run.</param>
    /// <param name="late">How late timers were lately, real time.</param>
    public static double SpeedFor(double speed, TimeSpan late) => late <= TimeSpan.Zero ? speed : Math.Clamp(TolerableLag / late, speed * LowestShare, speed);

    /// <summary>Stops governing.</summary>
    public async Task<ClockFigures> StopAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        return new ClockFigures(_clock.GetElapsedTime(_start) / Stopwatch.GetElapsedTime(_realStart), WaitFigures.Of([.. _lags.Order()]).P99 ?? 0);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var recent = new Queue<TimeSpan>(Enumerable.Repeat(TimeSpan.Zero, Window));
        while (!_stop.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            await Task.Delay(Step, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested)
                return;
            var late = Stopwatch.GetElapsedTime(start) - Step;
            _lags.Add(Math.Max(0, late.TotalSeconds) * _clock.Factor);
            recent.Enqueue(late);
            recent.Dequeue();
            _clock.Factor = SpeedFor(_speed, recent.Max());
        }
    }
}

/// <summary>How the clock ran.</summary>
/// <param name="Speed">Simulated over real time, in the mean.</param>
/// <param name="LagP99">Seconds of simulated time by which 99 of 100 timers were late at most.</param>
internal readonly record struct ClockFigures(double Speed, double LagP99);
