using System.Globalization;
using System.Security.Cryptography;
using HybridRouter.Configuration;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridRouter.Quota.Redis;

/// <summary>
/// Counts in a server that several gateways share: Redis 7, Valkey, or Garnet with <c>--lua --lua-transaction-mode</c>. A
/// reservation is one script and one round trip; all else is told behind the requests (<see cref="OperationStream"/>).
/// While the server is away this process decides by itself (<see cref="OutageQuota"/>). Thread-safe. Bounds: docs/replicas.md.
/// </summary>
public sealed class RedisQuotaStore : IQuotaStore
{
    private readonly RedisQuotaSettings _settings;
    private readonly TimeProvider _time;
    private readonly string _process = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly StoreKeys _keys;
    private readonly RedisLink _link;
    private readonly LastReadings _readings;
    private readonly OperationStream _stream;
    private readonly StoreCircuit _circuit;
    private readonly StoreClock _clock;
    private readonly ITimer _beat;
    private readonly Task _started;
    private volatile OutageQuota? _outage;
    private long _lastId;
    private int _replicas = 1;
    private int _disposed;

    /// <summary>Connects behind the first requests.</summary>
    /// <exception cref="ArgumentException">The connection string is malformed.</exception>
    internal RedisQuotaStore(RedisQuotaSettings settings, TimeProvider time, ILogger logger)
    {
        (_settings, _time) = (settings, time);
        _keys = new StoreKeys(settings.Namespace, _process);
        _link = new RedisLink(settings.Connection, settings.Timeout, time);
        _readings = new LastReadings(time);
        _clock = new StoreClock(time);
        _stream = new OperationStream(_link, _keys, settings, Now, logger);
        // Spreads the probes of many gateways; nothing secret hangs on it.
        _circuit = new StoreCircuit(_link.Address, ProbeAsync, BeginOutage, EndOutage, new Random(), time, logger);
        _stream.Failed += _circuit.Fail;
        _stream.Freed += () => Freed?.Invoke();
        _beat = time.CreateTimer(_ => _ = BeatAsync(), null, settings.Lease / 3, settings.Lease / 3);
        _started = StartAsync();
    }

    public event Action? Freed;

    public bool IsShared => true;

    /// <summary>As of the last heartbeat: a third of the lease time old at most.</summary>
    public int Replicas => Volatile.Read(ref _replicas);

    /// <exception cref="ArgumentException">The connection string cannot be found, or is malformed. The message does not quote it.</exception>
    public static RedisQuotaStore Create(QuotaOptions options, TimeProvider time, ILoggerFactory loggers) =>
        new(RedisQuotaSettings.From(options), time, loggers.CreateLogger<RedisQuotaStore>());

    public async ValueTask<QuotaVerdict> ReserveAsync(QuotaClaim claim, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (claim.Common.Count == 0 && claim.Options.Count == 0)
            return new QuotaVerdict { Refusal = QuotaRefusal.None };
        if (!_started.IsCompleted)
            await AwaitStartAsync(cancellationToken).ConfigureAwait(false);
        if (_outage is { } outage)
            return ReserveLocally(outage, claim);
        var id = NextId();
        try
        {
            var call = new ReserveCall(claim, id, _keys, Now(), _settings.Lease);
            var reply = await _link.CallAsync(RedisScript.Reserve, call.Keys, call.Arguments, cancellationToken).ConfigureAwait(false);
            var verdict = call.Read((byte[]?)reply, _readings, out var now);
            _clock.Set(now);
            Hold(verdict);
            return verdict;
        }
        catch (OperationCanceledException)
        {
            _stream.Add(new AbandonOperation(id));
            throw;
        }
        catch (StoreAwayException e)
        {
            _stream.Add(new AbandonOperation(id));
            _circuit.Fail(e);
            return _outage is { } begun ? ReserveLocally(begun, claim) : Away(claim);
        }
    }

    public ValueTask SettleAsync(QuotaLease lease, IReadOnlyList<long> used)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(used.Count, lease.Charges.Count);
        if (!lease.TrySettle())
            return ValueTask.CompletedTask;
        _stream.Settle(lease, [.. used]);
        var (outage, local) = (_outage, lease as OutageLease);
        local?.Outage.Settle(local, used);
        if (outage is not null && local?.Outage != outage)
            outage.Ended(lease);
        if (outage is not null)
            Freed?.Invoke();
        return ValueTask.CompletedTask;
    }

    public ValueTask CorrectAsync(QuotaLease lease, UpstreamStatement statement)
    {
        var outage = _outage;
        // What was taken since a lease can only be told by the store that gave it; what comes too late for that is dropped,
        // as the next answer of the upstream says it again.
        if (lease is OutageLease local)
            local.Outage.Correct(local, statement);
        else if (outage is null)
            _stream.Add(new CorrectOperation(lease, statement));
        if (outage is not null)
            Freed?.Invoke();
        return ValueTask.CompletedTask;
    }

    public ValueTask CloseAsync(Meter gate, TimeSpan duration)
    {
        _stream.Add(new CloseOperation(gate, duration, _time.GetTimestamp(), _time));
        _readings.Remember(gate, new MeterReading(0, 0, duration));
        _outage?.Close(gate, duration);
        return ValueTask.CompletedTask;
    }

    public ValueTask OpenAsync(Meter gate)
    {
        _stream.Add(new OpenOperation(gate));
        _readings.Remember(gate, new MeterReading(0, 0, TimeSpan.Zero));
        if (_outage is { } outage)
        {
            outage.Open(gate);
            Freed?.Invoke();
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>While the store is away: of this process's share.</summary>
    public async ValueTask<IReadOnlyList<MeterReading>> ReadAsync(IReadOnlyList<Meter> meters, CancellationToken cancellationToken)
    {
        if (meters.Count == 0)
            return [];
        if (!_started.IsCompleted)
            await AwaitStartAsync(cancellationToken).ConfigureAwait(false);
        if (_outage is { } outage)
            return outage.Read(meters);
        try
        {
            return await ReadSharedAsync(meters, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreAwayException e)
        {
            _circuit.Fail(e);
            return _outage?.Read(meters) ?? new MeterReading[meters.Count];
        }
    }

    /// <summary>Tells the store what it was not yet told, for a few seconds at most, and that this process leaves.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _beat.DisposeAsync().ConfigureAwait(false);
        await _circuit.DisposeAsync().ConfigureAwait(false);
        try
        {
            if (_outage is null)
            {
                await _stream.FlushAsync().WaitAsync(TimeSpan.FromSeconds(5), _time).ConfigureAwait(false);
                await HeartbeatAsync(leaves: true, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is StoreAwayException or TimeoutException)
        {
            // Its leases expire.
        }
        await _link.DisposeAsync().ConfigureAwait(false);
        if (_outage is { } outage)
            await outage.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>For tests: returns when the store has heard of all that was told before.</summary>
    internal Task FlushAsync() => _stream.FlushAsync();

    /// <summary>Empty means that the store takes its own time.</summary>
    private RedisValue Now() => _settings.PassTime ? (long)StoreTime.Of(_time.GetUtcNow()) : RedisValue.EmptyString;

    private string NextId() => string.Create(CultureInfo.InvariantCulture, $"{_process}-{Interlocked.Increment(ref _lastId)}");

    private QuotaVerdict ReserveLocally(OutageQuota outage, QuotaClaim claim)
    {
        var verdict = outage.Reserve(claim);
        Hold(verdict);
        return verdict;
    }

    private void Hold(QuotaVerdict verdict)
    {
        if (verdict.Common is { } common)
            _stream.Hold(common);
        if (verdict.Option is { } option)
            _stream.Hold(option);
    }

    private async Task StartAsync()
    {
        try
        {
            await _link.CheckIsolationAsync(_keys, CancellationToken.None).ConfigureAwait(false);
            await HeartbeatAsync(leaves: false, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreAwayException e)
        {
            _circuit.Fail(e);
        }
    }

    /// <summary>No request waits longer for the start than for an answer.</summary>
    private async Task AwaitStartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _started.WaitAsync(_settings.Timeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            _circuit.Fail(StoreAwayException.From(e));
        }
    }

    private async Task<IReadOnlyList<MeterReading>> ReadSharedAsync(IReadOnlyList<Meter> meters, CancellationToken cancellationToken)
    {
        var call = new ScriptCall(_keys, _keys.Leases);
        var numbers = meters.Select(call.Use).ToArray();
        var reply = await _link.CallAsync(RedisScript.Meters, call.Keys, call.Arguments(Now(), _settings.Lease), cancellationToken).ConfigureAwait(false);
        return ReadReply(call, numbers, (byte[]?)reply);
    }

    private MeterReading[] ReadReply(ScriptCall call, int[] numbers, ReadOnlySpan<byte> reply)
    {
        var reader = new ReplyReader(reply);
        var now = reader.Number();
        _clock.Set(now);
        var readings = new MeterReading[call.Meters.Count];
        for (var i = 0; i < readings.Length; i++)
            _readings.Remember(call.Meters[i], readings[i] = reader.Reading(call.Meters[i], now));
        return [.. numbers.Select(n => readings[n - 1])];
    }

    private async Task HeartbeatAsync(bool leaves, CancellationToken cancellationToken)
    {
        RedisKey[] keys = [_keys.Leases, _keys.Expiry, _keys.Replicas, _keys.Sequence];
        RedisValue[] arguments = [Now(), (long)_settings.Lease.TotalMicroseconds, _process, leaves ? "1" : "0"];
        var reply = (RedisResult[])(await _link.CallAsync(RedisScript.Heartbeat, keys, arguments, cancellationToken).ConfigureAwait(false))!;
        _clock.Set((double)reply[1]);
        Volatile.Write(ref _replicas, Math.Max(1, (int)reply[0]));
    }

    private async Task BeatAsync()
    {
        if (_outage is not null || !_started.IsCompleted)
            return;
        try
        {
            _stream.Renew();
            await HeartbeatAsync(leaves: false, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreAwayException e)
        {
            _circuit.Fail(e);
        }
    }

    /// <summary>Away and back in the same moment, or disposed.</summary>
    private static QuotaVerdict Away(QuotaClaim claim) => new()
    {
        Refusal = QuotaRefusal.StoreAway,
        RefusedBy = claim.Common.Concat(claim.Options.SelectMany(o => o)).Select(c => c.Meter).FirstOrDefault(),
        Wait = OutageQuota.Retry,
    };

    private void BeginOutage()
    {
        _stream.Pause();
        _outage = new OutageQuota(_settings.OutageShare, _readings, _stream.SlotsOf, NextId, _clock.Milliseconds, _time);
    }

    /// <summary>
    /// The store is back when it has heard of all that happened without it, what was granted meanwhile included, and this
    /// process has heard where its meters are: a short return gives nobody a second share of the same quota.
    /// </summary>
    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        await _link.CheckIsolationAsync(_keys, cancellationToken).ConfigureAwait(false);
        await HeartbeatAsync(leaves: false, cancellationToken).ConfigureAwait(false);
        _stream.Renew();
        await _stream.ResumeAsync().ConfigureAwait(false);
        foreach (var meters in _outage!.Seen.Chunk(500))
            await ReadSharedAsync(meters, cancellationToken).ConfigureAwait(false);
    }

    private bool EndOutage()
    {
        if (_stream.IsPaused)
            return false;
        var outage = _outage!;
        _outage = null;
        _ = outage.DisposeAsync();
        // Not within the lock that this runs in. The store does not know yet what was granted since the probe.
        _ = Task.Run(() =>
        {
            _stream.Renew();
            Freed?.Invoke();
        });
        return true;
    }
}
