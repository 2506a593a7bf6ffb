namespace HybridRouter.Local.OpenAi;

/// <summary>
/// Watches one server in the background: seldom while it is up, with growing pauses while it is down, and at once
/// after a request failed. Requests never wait for it. Thread-safe.
/// </summary>
internal sealed class ServerHealth : IAsyncDisposable
{
    public static readonly TimeSpan UpInterval = TimeSpan.FromSeconds(15);
    public static readonly TimeSpan FirstDownInterval = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestDownInterval = TimeSpan.FromSeconds(30);

    private readonly Func<CancellationToken, Task<ProbeResult>> _probe;
    private readonly Action<ProbeResult> _changed;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private volatile ProbeResult? _last;
    private TaskCompletionSource _signal = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="changed">Called after each probe whose result differs from the one before.</param>
    public ServerHealth(Func<CancellationToken, Task<ProbeResult>> probe, Action<ProbeResult> changed, TimeProvider time, Random random)
    {
        (_probe, _changed, _time, _random) = (probe, changed, time, random);
        _loop = Task.Run(() => RunAsync(_stop.Token));
    }

    /// <summary>The newest result; null before the first, when the server gets the benefit of the doubt.</summary>
    public ProbeResult? Last => _last;

    /// <summary>A request failed in a way that says the server may be down: it counts as down until a probe says otherwise.</summary>
    public void ReportFailure(string reason)
    {
        _last = (_last ?? new ProbeResult(false, null)) with { Up = false, Reason = reason };
        Volatile.Read(ref _signal).TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        ProbeResult? before = null;
        try
        {
            while (true)
            {
                Volatile.Write(ref _signal, new(TaskCreationOptions.RunContinuationsAsynchronously));
                var result = await ProbeAsync(cancellationToken).ConfigureAwait(false);
                _last = result;
                if (result != before)
                    _changed(result);
                before = result;
                failures = result.Up ? 0 : failures + 1;
                await PauseAsync(NextPause(failures), wakeable: result.Up, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task<ProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _probe(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A server can answer in ways nobody thought of; the watch must outlive that.
            return new ProbeResult(false, $"The server could not be examined ({e.GetType().Name}).");
        }
    }

    private async Task PauseAsync(TimeSpan pause, bool wakeable, CancellationToken cancellationToken)
    {
        using var delay = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timer = Task.Delay(pause, _time, delay.Token);
        // A server that is known to be down is asked by the clock alone: failing requests must not turn into a storm of probes.
        await Task.WhenAny(wakeable ? [timer, Volatile.Read(ref _signal).Task] : [timer]).ConfigureAwait(false);
        await delay.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private TimeSpan NextPause(int failures)
    {
        if (failures == 0)
            return UpInterval;
        var longest = FirstDownInterval * Math.Pow(2, Math.Min(failures - 1, 10));
        if (longest > LongestDownInterval)
            longest = LongestDownInterval;
        return longest * (0.5 + (0.5 * _random.NextDouble()));
    }
}
