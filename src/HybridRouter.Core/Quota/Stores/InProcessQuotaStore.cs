using Microsoft.Extensions.Logging;

namespace HybridRouter.Quota.Stores;

/// <summary>
/// Counts in this process. One lock covers each decision as a whole, so limits are exact; it is held for a microsecond or two,
/// and never while anything is written. Thread-safe.
/// </summary>
/// <remarks>
/// A store with a file (<c>Open</c>) finds its counts again after a restart: buckets, calendar windows, closed gates,
/// and what was reserved, which is given back in full when the lease time is over, counted from when the dead process was last
/// seen alive. Changes are written behind the requests, all of one moment in one transaction, so a lease and its charges
/// never part: what was settled is not charged again. After a clean end nothing is missing. After a crash of the process the
/// changes since the last finished transaction are: those of the last 10 ms (<see cref="QuotaWriter.Delay"/>) and of the time that
/// one transaction takes, or since the disk failed. By at most what was granted in that time a limit can be exceeded, once for each
/// crash. When the machine itself loses power, it is what the system had not yet put on the disk. Between two processes
/// time passes by UTC: a clock that went backwards lets none pass.
/// </remarks>
public sealed class InProcessQuotaStore : IQuotaStore
{
    private const int SweptAtOnce = 256;
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly QuotaLedger _ledger;
    private readonly QuotaJournal? _journal;
    private readonly QuotaWriter? _writer;
    private readonly LeftLeases _left = new();
    private readonly ITimer _sweep;
    private readonly ITimer? _beat;
    private readonly ITimer? _expiry;
    private int _disposed;

    /// <summary>Keeps nothing over a restart.</summary>
    public InProcessQuotaStore(TimeProvider time)
    {
        (_time, _start) = (time, time.GetTimestamp());
        _ledger = new QuotaLedger(new MeterTable(), null);
        _sweep = time.CreateTimer(_ => Sweep(), null, SweepPeriod, SweepPeriod);
    }

    private InProcessQuotaStore(IQuotaFile file, QuotaImage image, TimeSpan lease, TimeProvider time, ILogger logger)
    {
        (_time, _start) = (time, time.GetTimestamp());
        _writer = new QuotaWriter(file, time, logger);
        _journal = new QuotaJournal(_writer.Wake);
        _ledger = new QuotaLedger(new MeterTable(), _journal);
        _left.Restore(image, lease, _ledger, _journal, Now());
        _writer.Start(TakeBatch, FailBatch);
        _sweep = time.CreateTimer(_ => Sweep(), null, SweepPeriod, SweepPeriod);
        _beat = time.CreateTimer(_ => Beat(), null, lease / 4, lease / 4);
        _expiry = time.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Expire();
    }

    public event Action? Freed;

    public int Replicas => 1;

    /// <summary>For tests: meters that are known now.</summary>
    internal int MeterCount
    {
        get
        {
            lock (_gate)
                return _ledger.Meters.All.Count;
        }
    }

    /// <param name="path">Of the database file; it and its folder are made when missing.</param>
    /// <param name="lease">How long after a crash what it had reserved is held.</param>
    /// <exception cref="IOException">The file cannot be opened, is damaged, is in use by another process, or was made by a newer version.</exception>
    public static InProcessQuotaStore Open(string path, TimeSpan lease, TimeProvider time, ILogger logger)
    {
        var database = new QuotaDatabase(path);
        try
        {
            return new InProcessQuotaStore(database, database.Load(lease), lease, time, logger);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>For tests: counts that a file of another kind keeps.</summary>
    internal static InProcessQuotaStore On(IQuotaFile file, TimeSpan lease, TimeProvider time, ILogger logger) =>
        new(file, new QuotaImage([], []), lease, time, logger);

    public ValueTask<QuotaVerdict> ReserveAsync(QuotaClaim claim, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var now = Now();
            _left.Expire(_ledger, now);
            return new ValueTask<QuotaVerdict>(_ledger.Reserve(claim, now));
        }
    }

    public ValueTask SettleAsync(QuotaLease lease, IReadOnlyList<long> used)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(used.Count, lease.Charges.Count);
        var held = (HeldLease)lease;
        if (!held.TrySettle())
            return ValueTask.CompletedTask;
        lock (_gate)
            _ledger.Settle(held, used, Now());
        Freed?.Invoke();
        return ValueTask.CompletedTask;
    }

    public ValueTask CorrectAsync(QuotaLease lease, UpstreamStatement statement)
    {
        lock (_gate)
            _ledger.Correct((HeldLease)lease, statement, Now());
        Freed?.Invoke();
        return ValueTask.CompletedTask;
    }

    public ValueTask CloseAsync(Meter gate, TimeSpan duration)
    {
        lock (_gate)
            _ledger.Move(gate, duration, Now());
        return ValueTask.CompletedTask;
    }

    public ValueTask OpenAsync(Meter gate)
    {
        lock (_gate)
            _ledger.Move(gate, null, Now());
        Freed?.Invoke();
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<MeterReading>> ReadAsync(IReadOnlyList<Meter> meters, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var now = Now();
            _left.Expire(_ledger, now);
            return new ValueTask<IReadOnlyList<MeterReading>>(_ledger.Read(meters, now));
        }
    }

    /// <summary>Writes what is not yet written. Leases that are still open are held until they expire, as after a crash.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _sweep.DisposeAsync().ConfigureAwait(false);
        if (_writer is null)
            return;
        await _beat!.DisposeAsync().ConfigureAwait(false);
        await _expiry!.DisposeAsync().ConfigureAwait(false);
        await _writer.DisposeAsync().ConfigureAwait(false);
        // Nobody takes batches any more, so none may be gathered for requests that end late.
        FailBatch();
    }

    /// <summary>Writes now what is not yet written.</summary>
    /// <returns>False: the disk failed.</returns>
    internal Task<bool> FlushAsync() => _writer!.FlushAsync();

    private Moment Now() => new(_time.GetUtcNow().UtcDateTime, _time.GetElapsedTime(_start).Ticks);

    private QuotaBatch TakeBatch()
    {
        lock (_gate)
            return _journal!.Take(_ledger.Meters, _ledger.Open, Now());
    }

    private void FailBatch()
    {
        lock (_gate)
            _journal!.Fail();
    }

    /// <summary>Shows that the open leases are alive; where there are none, nothing need be written.</summary>
    private void Beat()
    {
        lock (_gate)
        {
            if (!_ledger.Open.IsEmpty)
                _journal!.Wake();
        }
    }

    private void Expire()
    {
        bool freed;
        lock (_gate)
        {
            var now = Now();
            freed = _left.Expire(_ledger, now);
            if (_left.Next is { } next)
                _expiry!.Change(new TimeSpan(Math.Max(0, next - now.Elapsed)), Timeout.InfiniteTimeSpan);
        }
        if (freed)
            Freed?.Invoke();
    }

    /// <summary>The lock is given away between handfuls, so that no request waits for a long table.</summary>
    private void Sweep()
    {
        var forgotten = new List<MeterState>();
        for (var more = true; more; forgotten.Clear())
        {
            lock (_gate)
            {
                more = _ledger.Meters.Sweep(SweptAtOnce, Now(), forgotten);
                if (_journal is null)
                    continue;
                foreach (var state in forgotten)
                    _journal.Forgotten(state);
            }
        }
    }
}
