using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Backends.Cloud;

/// <summary>Grants nothing, reads nothing, and counts who listens.</summary>
internal sealed class StoreThatIsAway : IQuotaStore
{
    public event Action? Freed
    {
        add => Listeners++;
        remove => Listeners--;
    }

    public int Listeners { get; private set; }

    public int Replicas => 1;

    public ValueTask<QuotaVerdict> ReserveAsync(QuotaClaim claim, CancellationToken cancellationToken) => new(new QuotaVerdict { Refusal = QuotaRefusal.StoreAway });

    public ValueTask SettleAsync(QuotaLease lease, IReadOnlyList<long> used) => default;

    public ValueTask CorrectAsync(QuotaLease lease, UpstreamStatement statement) => default;

    public ValueTask CloseAsync(Meter gate, TimeSpan duration) => default;

    public ValueTask OpenAsync(Meter gate) => default;

    public ValueTask<IReadOnlyList<MeterReading>> ReadAsync(IReadOnlyList<Meter> meters, CancellationToken cancellationToken) => throw new IOException("away");

    public ValueTask DisposeAsync() => default;
}
