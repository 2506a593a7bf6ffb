namespace HybridRouter.Configuration;

public enum QuotaStoreKind
{
    /// <summary>In this process; budgets survive a restart in the embedded database. One gateway only.</summary>
    InProcess,

    /// <summary>Shared by replicas: Redis 7, Valkey or Garnet (started with Lua).</summary>
    Redis,
}

/// <summary>Where limits are counted, and how requests wait for cloud quota.</summary>
public sealed class QuotaOptions
{
    public QuotaStoreKind Store { get; set; } = QuotaStoreKind.InProcess;

    /// <summary>Connection string of the Redis store (<c>host:port,password=...</c>): <c>env:NAME</c>, <c>file:PATH</c> or the text itself. Needs a restart.</summary>
    public string? Connection { get; set; }

    /// <summary>Hash tag of all keys in the Redis store; gateways with the same one share their limits. Default <c>hybridrouter</c>.</summary>
    public string Namespace { get; set; } = "hybridrouter";

    /// <summary>Longest wait for the Redis store, milliseconds, 10..10000; after it the store counts as away. Default 500.</summary>
    public int StoreTimeoutMilliseconds { get; set; } = 500;

    /// <summary>Share of each rate limit that this gateway uses by itself while the Redis store is away, 0..1; the shares of all replicas together should not exceed 1. Default 0.25. Money is never spent then.</summary>
    public double OutageShare { get; set; } = 0.25;

    /// <summary>After a crash, what was reserved is released within this time, seconds, 60..3600. Default 120.</summary>
    public int LeaseSeconds { get; set; } = 120;

    /// <summary>Part of each upstream limit that is left unused, percent, 0..50: it covers what is counted differently there. Default 1.</summary>
    public double MarginPercent { get; set; } = 1;

    public QueueOptions Queue { get; set; } = new();
}

/// <summary>The queue in front of the cloud, one per model.</summary>
public sealed class QueueOptions
{
    /// <summary>Requests that wait for one model at most, 0..100000; 0 refuses instead of waiting. Default 1000.</summary>
    public int MaxWaiting { get; set; } = 1000;

    /// <summary>Longest wait of an interactive request, seconds, 0..3600. Default 30.</summary>
    public double InteractiveSeconds { get; set; } = 30;

    /// <summary>Longest wait of a background request, seconds, 0..86400. Default 300.</summary>
    public double BackgroundSeconds { get; set; } = 300;

    /// <summary>Longest wait of a batch request, seconds, 0..86400. Default 3600.</summary>
    public double BatchSeconds { get; set; } = 3600;

    /// <summary>A stream that waits shows life after this time, and then every so often, seconds, 1..60. Default 10.</summary>
    public double KeepAliveSeconds { get; set; } = 10;
}
