namespace HybridRouter.Quota.Redis;

/// <summary>Granted during an outage. The shared store hears of it when it is back.</summary>
internal sealed class OutageLease(string id, IReadOnlyList<Charge> charges, QuotaLease local, long grantedAt, OutageQuota outage) : QuotaLease(id, charges, local.After, grantedAt)
{
    /// <summary>What was granted, by the outage's own store.</summary>
    public QuotaLease Local { get; } = local;

    public OutageQuota Outage { get; } = outage;
}
