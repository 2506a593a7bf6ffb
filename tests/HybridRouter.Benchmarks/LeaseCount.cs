using System.Collections.Concurrent;
using HybridRouter.Quota;

namespace HybridRouter.Benchmarks;

/// <summary>A store, and which of its leases are still held.</summary>
internal sealed class LeaseCount(IQuotaStore store) : IQuotaStore
{
    private readonly ConcurrentDictionary<string, byte> _open = new(StringComparer.Ordinal);
    private long _granted;

    public event Action? Freed
    {
        add => store.Freed += value;
        remove => store.Freed -= value;
    }

    public int Open => _open.Count;

    public long Granted => Interlocked.Read(ref _granted);

    public int Replicas => store.Replicas;

    public async ValueTask<QuotaVerdict> ReserveAsync(QuotaClaim claim, CancellationToken cancellationToken)
    {
        var verdict = await store.ReserveAsync(claim, cancellationToken);
        foreach (var lease in (QuotaLease?[])[verdict.Common, verdict.Option])
        {
            if (lease is not null && _open.TryAdd(lease.Id, 0))
                Interlocked.Increment(ref _granted);
        }
        return verdict;
    }

    public ValueTask SettleAsync(QuotaLease lease, IReadOnlyList<long> used)
    {
        _open.TryRemove(lease.Id, out _);
        return store.SettleAsync(lease, used);
    }

    public ValueTask CorrectAsync(QuotaLease lease, UpstreamStatement statement) => store.CorrectAsync(lease, statement);

    public ValueTask CloseAsync(Meter gate, TimeSpan duration) => store.CloseAsync(gate, duration);

    public ValueTask OpenAsync(Meter gate) => store.OpenAsync(gate);

    public ValueTask<IReadOnlyList<MeterReading>> ReadAsync(IReadOnlyList<Meter> meters, CancellationToken cancellationToken) => store.ReadAsync(meters, cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
