using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridRouter.Quota.Redis;

/// <summary>
/// What this process tells the store, in the order of its calls, behind the requests: one numbered batch is under way
/// at a time, and one whose answer is missing is sent again under its number until the store has it. The store applies each
/// number once. While the store is away, what is to be told is kept, up to a bound. Thread-safe.
/// </summary>
internal sealed partial class OperationStream(RedisLink link, StoreKeys keys, RedisQuotaSettings settings, Func<RedisValue> now, ILogger logger)
{
    /// <summary>Counts that one batch touches, about: for a millisecond or two nobody else is served.</summary>
    private const int BatchWeight = 500;

    private const int RenewedAtOnce = 500;

    /// <summary>Times that the store may refuse one batch while it accepts everything else; then that batch is given up.</summary>
    private const int MostRefusals = 5;

    private readonly Lock _gate = new();
    private readonly Queue<StoreOperation> _pending = new();
    private readonly Dictionary<string, QuotaLease> _held = new(StringComparer.Ordinal);
    private IReadOnlyList<StoreOperation>? _batch;
    private TaskCompletionSource? _drained;
    private long _number;
    private int _refusals;
    private bool _running;
    private bool _paused;
    private long _lost;

    /// <summary>The store did not take a batch; nothing is sent until <see cref="ResumeAsync"/>.</summary>
    public event Action<StoreAwayException>? Failed;

    /// <summary>A settlement, a correction or an opened gate has arrived.</summary>
    public event Action? Freed;

    /// <summary>A lease was granted; from now on it is kept alive.</summary>
    public void Hold(QuotaLease lease)
    {
        lock (_gate)
            _held.Add(lease.Id, lease);
    }

    /// <summary>Ends a lease. Whoever calls it makes sure that it is called once.</summary>
    public void Settle(QuotaLease lease, IReadOnlyList<long> used)
    {
        lock (_gate)
        {
            _held.Remove(lease.Id);
            _pending.Enqueue(new SettleOperation(lease, used));
        }
        Send();
    }

    public void Add(StoreOperation operation)
    {
        lock (_gate)
            _pending.Enqueue(operation);
        Send();
    }

    /// <summary>Keeps all open leases alive; those that the store does not know it holds again.</summary>
    public void Renew()
    {
        lock (_gate)
        {
            foreach (var ids in _held.Keys.Chunk(RenewedAtOnce))
                _pending.Enqueue(new RenewOperation(ids));
        }
        Send();
    }

    /// <summary>Slots that the open leases take of a meter, but for those of one outage.</summary>
    public long SlotsOf(string meterId, OutageQuota without)
    {
        lock (_gate)
        {
            return _held.Values.Where(l => l is not OutageLease lease || lease.Outage != without)
                .Sum(l => l.Charges.Where(c => c.Meter.Kind == MeterKind.Concurrency && c.Meter.Id == meterId).Sum(c => c.Amount));
        }
    }

    /// <summary>A batch has failed, or the store is away: nothing is sent.</summary>
    public bool IsPaused
    {
        get
        {
            lock (_gate)
                return _paused;
        }
    }

    /// <summary>Stops sending. A batch under way may still arrive.</summary>
    public void Pause()
    {
        lock (_gate)
            _paused = true;
    }

    /// <summary>Sends all that was kept, and goes on sending. Called while nobody else calls it.</summary>
    /// <exception cref="StoreAwayException">The store is still away; nothing is lost.</exception>
    public async Task ResumeAsync()
    {
        await FlushAsync().ConfigureAwait(false);
        long lost;
        lock (_gate)
            (_paused, _running, lost, _lost) = (false, true, _lost, 0);
        if (lost > 0)
            LogLost(lost);
        await PumpAsync().ConfigureAwait(false);
    }

    /// <summary>Returns when all that was told before has arrived, or sending has stopped.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
            return _running ? (_drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
    }

    /// <summary>Never in the caller: it does not wait, and what it tells in one breath goes into one batch.</summary>
    private void Send()
    {
        lock (_gate)
        {
            for (; _pending.Count > settings.MostKept; _lost++)
                _pending.Dequeue();
            if (_running || _paused)
                return;
            _running = true;
        }
        _ = Task.Run(SendAsync);
    }

    private async Task SendAsync()
    {
        try
        {
            await PumpAsync().ConfigureAwait(false);
        }
        catch (StoreAwayException e)
        {
            Failed?.Invoke(e);
        }
    }

    private async Task PumpAsync()
    {
        try
        {
            while (Next() is { } batch)
            {
                Done(await ApplyAsync(batch).ConfigureAwait(false));
                if (batch.Any(o => o.Frees))
                    Freed?.Invoke();
            }
        }
        catch (Exception e)
        {
            Stop(e as StoreAwayException);
            throw;
        }
    }

    /// <summary>The batch that is to be sent, again or for the first time; null ends the sending.</summary>
    private IReadOnlyList<StoreOperation>? Next()
    {
        lock (_gate)
        {
            if (_batch is null && _pending.Count > 0 && !_paused)
            {
                var batch = new List<StoreOperation>();
                for (var weight = 0; weight < BatchWeight && _pending.TryDequeue(out var operation); weight += operation.Weight)
                    batch.Add(operation);
                (_batch, _number) = (batch, _number + 1);
            }
            if (_batch is null)
                End();
            return _batch;
        }
    }

    private async Task<RedisResult[]> ApplyAsync(IReadOnlyList<StoreOperation> batch)
    {
        var call = new ScriptCall(keys, keys.Leases, keys.Expiry, keys.Sequence);
        call.Add(_number);
        foreach (var operation in batch)
            operation.Write(call);
        var reply = await link.CallAsync(RedisScript.Apply, call.Keys, call.Arguments(now(), settings.Lease), CancellationToken.None).ConfigureAwait(false);
        return reply.Length > 0 ? (RedisResult[])reply! : throw new StoreAwayException("an answer that is none of our script's");
    }

    private void Done(RedisResult[] reply)
    {
        lock (_gate)
        {
            (_batch, _refusals) = (null, 0);
            for (var i = 2; i < reply.Length; i++)
            {
                if (_held.TryGetValue((string)reply[i]!, out var lease))
                    _pending.Enqueue(new HoldOperation(lease, keys));
            }
        }
    }

    private void Stop(StoreAwayException? trouble)
    {
        lock (_gate)
        {
            _paused |= trouble is not null;
            if (trouble is { Refused: true } && _batch is not null && ++_refusals >= MostRefusals)
            {
                _lost += _batch.Count;
                (_batch, _refusals) = (null, 0);
            }
            End();
        }
    }

    private void End()
    {
        _running = false;
        _drained?.TrySetResult();
        _drained = null;
    }

    [LoggerMessage(EventId = 1423, Level = LogLevel.Error,
        Message = "{Count} settlements could not be told to the quota store and were given up; what they had reserved is released when it expires")]
    private partial void LogLost(long count);
}
