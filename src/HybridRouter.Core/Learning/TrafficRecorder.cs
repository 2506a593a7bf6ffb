using System.Threading.Channels;
using HybridRouter.Embedding;
using HybridRouter.Intake;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Learning;

/// <summary>
/// Keeps requests behind their backs: they are put into a bounded line, and one worker makes features of them and writes
/// them, many at a time. A full line drops what comes and counts it. Disposing writes what waits. Thread-safe.
/// </summary>
public sealed partial class TrafficRecorder : ITrafficSink, IAsyncDisposable
{
    /// <summary>Requests that may wait to be written; 8 kB each at most.</summary>
    public const int Capacity = 1024;

    /// <summary>Between two tries at a disk that fails.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    private const int BatchRows = 128;

    private readonly TrafficStore _store;
    private readonly TrafficRowMaker _maker;
    private readonly TimeProvider _time;
    private readonly Action _dropped;
    private readonly ILogger _logger;
    private readonly Channel<(TrafficObservation? Seen, TaskCompletionSource? Flushed)> _line =
        Channel.CreateBounded<(TrafficObservation?, TaskCompletionSource?)>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _worker;
    private bool _failing;

    /// <param name="store">Not disposed with it.</param>
    /// <param name="dropped">Called for each request that is not kept.</param>
    /// <param name="encoder">Makes the embedding that is kept with a prompt; null = none is kept.</param>
    /// <exception cref="IOException">Prompts are kept, and their key is not there or is none; the message names it.</exception>
    public TrafficRecorder(TrafficStore store, TimeProvider time, Action dropped, ISentenceEncoder? encoder, ILogger<TrafficRecorder> logger)
    {
        (_store, _time, _dropped, _logger) = (store, time, dropped, logger);
        _maker = store.CreateMaker(encoder);
        _worker = Task.Run(RunAsync);
    }

    /// <summary>Shown every request before it is written, by the worker alone: may take its time, and may fail.</summary>
    public Action<TrafficObservation>? Watch { get; init; }

    public void Announce(string requestId, CallerIdentity caller) => _store.Pending.Add(requestId, caller.Key);

    public void Observe(TrafficObservation observation)
    {
        if (!_line.Writer.TryWrite((observation, null)))
            Drop(observation.RequestId);
    }

    /// <summary>Ends when all that was told of before is written, or dropped.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _line.Writer.WriteAsync((null, flushed), cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            await _worker.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }
        await flushed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes what waits; a disk that fails gets one more try.</summary>
    public async ValueTask DisposeAsync()
    {
        var first = _line.Writer.TryComplete();
        if (first)
            await _stop.CancelAsync().ConfigureAwait(false);
        await _worker.ConfigureAwait(false);
        if (first)
            _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var rows = new List<TrafficRow>(BatchRows);
        var flushed = new List<TaskCompletionSource>();
        while (await _line.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (rows.Count < BatchRows && _line.Reader.TryRead(out var next))
            {
                if (next.Flushed is { } asked)
                    flushed.Add(asked);
                else if (Make(next.Seen!) is { } row)
                    rows.Add(row);
                if (next.Seen is { } seen)
                    Show(seen);
            }
            if (rows.Count > 0)
                await WriteAsync(rows).ConfigureAwait(false);
            rows.Clear();
            flushed.ForEach(f => f.SetResult());
            flushed.Clear();
        }
    }

    /// <summary>Whatever happens in here, the next request must still be kept.</summary>
    private TrafficRow? Make(TrafficObservation seen)
    {
        try
        {
            return _maker.Make(seen);
        }
        catch (Exception e)
        {
            LogNotMade(e.GetType().Name);
            Drop(seen.RequestId);
            return null;
        }
    }

    private void Show(TrafficObservation seen)
    {
        try
        {
            Watch?.Invoke(seen);
        }
        catch (Exception e)
        {
            LogNotWatched(e.GetType().Name);
        }
    }

    private async Task WriteAsync(List<TrafficRow> rows)
    {
        while (!await TryWriteAsync(rows).ConfigureAwait(false))
        {
            if (_stop.IsCancellationRequested)
            {
                rows.ForEach(r => Drop(r.Seen.RequestId));
                return;
            }
            await Task.Delay(RetryDelay, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        // Not sooner: until it is written, feedback goes by this.
        rows.ForEach(r => _store.Pending.Remove(r.Seen.RequestId));
    }

    private async Task<bool> TryWriteAsync(List<TrafficRow> rows)
    {
        try
        {
            await _store.WriteAsync(rows, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            if (!_failing)
                LogFailed(e);
            _failing = true;
            return false;
        }
        if (_failing)
            LogWorks();
        _failing = false;
        return true;
    }

    private void Drop(string requestId)
    {
        _store.Pending.Remove(requestId);
        _dropped();
    }

    [LoggerMessage(EventId = 1501, Level = LogLevel.Error, Message = "The traffic database cannot be written; it is tried again every few seconds, and requests that do not fit into the line meanwhile are dropped")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(EventId = 1502, Level = LogLevel.Information, Message = "The traffic database is written again")]
    private partial void LogWorks();

    // Only the type: an exception's text may quote the prompt.
    [LoggerMessage(EventId = 1503, Level = LogLevel.Error, Message = "A request is not kept: {Exception}")]
    private partial void LogNotMade(string exception);

    [LoggerMessage(EventId = 1506, Level = LogLevel.Error, Message = "What watches the traffic failed: {Exception}")]
    private partial void LogNotWatched(string exception);
}
