using Microsoft.Extensions.Logging;

namespace HybridRouter.Quota.Redis;

/// <summary>
/// Whether the store is there. The first failure of any call opens it: from then on no request waits for the store, and
/// one probe at a time, at random moments ever further apart, finds out when it is back. Thread-safe.
/// </summary>
/// <param name="probe">Does what must be done before the store counts as there; else throws.</param>
/// <param name="away">Runs once when an outage begins, before anybody sees that the store is away.</param>
/// <param name="back">Ends it, in one step with the end that others see; false: something failed again since the probe.</param>
internal sealed partial class StoreCircuit(
    string address, Func<CancellationToken, Task> probe, Action away, Func<bool> back, Random random, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>A store that was there for less than this is probed as if it had never been.</summary>
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _probing = Task.CompletedTask;
    private int _attempt;
    private long _changed = time.GetTimestamp();
    private bool _away;

    public void Fail(StoreAwayException trouble)
    {
        lock (_gate)
        {
            if (_away || _stop.IsCancellationRequested)
                return;
            if (time.GetElapsedTime(_changed) > Steady)
                _attempt = 0;
            away();
            (_away, _changed) = (true, time.GetTimestamp());
            LogAway(address, trouble.Message);
            _probing = ProbeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task probing;
        lock (_gate)
        {
            _stop.Cancel();
            probing = _probing;
        }
        await probing.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task ProbeAsync()
    {
        try
        {
            while (!await TryAsync().ConfigureAwait(false))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // The program ends.
        }
    }

    private async Task<bool> TryAsync()
    {
        await Task.Delay(Pause(), time, _stop.Token).ConfigureAwait(false);
        try
        {
            await probe(_stop.Token).ConfigureAwait(false);
            lock (_gate)
            {
                if (!back())
                    return false;
                LogBack(address, time.GetElapsedTime(_changed).TotalSeconds);
                (_away, _changed) = (false, time.GetTimestamp());
                return true;
            }
        }
        catch (StoreAwayException)
        {
            return false;
        }
    }

    private TimeSpan Pause()
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(_attempt++, 10));
        return (pause < LongestPause ? pause : LongestPause) * (0.5 + random.NextDouble());
    }

    [LoggerMessage(EventId = 1421, Level = LogLevel.Error,
        Message = "The quota store at {Address} is away ({Reason}); rate limits are kept to this gateway's share, and nothing that costs money is granted")]
    private partial void LogAway(string address, string reason);

    [LoggerMessage(EventId = 1422, Level = LogLevel.Information, Message = "The quota store at {Address} is back after {Seconds:0.0} s")]
    private partial void LogBack(string address, double seconds);
}
