using HybridRouter.Configuration;

namespace HybridRouter.Quota.Redis;

/// <summary>How one process uses a shared store.</summary>
internal sealed record RedisQuotaSettings
{
    /// <summary>The connection string as it is; a secret.</summary>
    public required string Connection { get; init; }

    /// <summary>Hash tag of all keys.</summary>
    public required string Namespace { get; init; }

    /// <summary>Longest wait for an answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long the leases of a process outlive it.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Share of each limit that this process uses by itself while the store is away.</summary>
    public double OutageShare { get; init; } = 0.25;

    /// <summary>What is kept to be told later while the store is away; a settlement beyond that is lost, and its lease is released in full when it expires.</summary>
    public int MostKept { get; init; } = 200_000;

    /// <summary>
    /// For tests: every call brings the time of this process. Otherwise every script takes the store's own, so that the
    /// clocks of gateways never matter. One store must be used in one of the two ways.
    /// </summary>
    public bool PassTime { get; init; }

    /// <exception cref="ArgumentException">The connection string cannot be found.</exception>
    public static RedisQuotaSettings From(QuotaOptions options) => new()
    {
        Connection = SecretText.Resolve(options.Connection) ?? throw new ArgumentException("quota:connection names nothing that can be read."),
        Namespace = options.Namespace,
        Timeout = TimeSpan.FromMilliseconds(options.StoreTimeoutMilliseconds),
        Lease = TimeSpan.FromSeconds(options.LeaseSeconds),
        OutageShare = options.OutageShare,
    };
}
