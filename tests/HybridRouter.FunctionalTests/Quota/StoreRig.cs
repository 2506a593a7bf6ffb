using HybridRouter.FunctionalTests.Gateway;
using HybridRouter.Quota;
using HybridRouter.Quota.Redis;
using Microsoft.Extensions.Logging;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>Stores of several would-be gateways on one server, in a namespace that no other test has.</summary>
internal sealed class StoreRig(QuotaServer server) : IAsyncDisposable
{
    private readonly LoggerFactory _loggers = new();
    private readonly List<RedisQuotaStore> _stores = [];

    public CapturedLogs Logs { get; } = new();

    public string Namespace { get; } = $"t{Guid.NewGuid():N}";

    /// <summary>By the store's clock, unless a time is given; that must not run out while an answer is under way.</summary>
    /// <param name="own">Clock of the process, where the store's is used.</param>
    public RedisQuotaStore Add(
        TimeProvider? passed = null, TimeSpan? lease = null, TimeSpan? timeout = null, double share = 0.25, string? connection = null, TimeProvider? own = null, int mostKept = 1000)
    {
        if (_stores.Count == 0)
            _loggers.AddProvider(Logs);
        var settings = new RedisQuotaSettings
        {
            Connection = connection ?? server.Connection,
            Namespace = Namespace,
            PassTime = passed is not null,
            Lease = lease ?? TimeSpan.FromDays(140),
            Timeout = timeout ?? ((passed ?? own) is null ? TimeSpan.FromSeconds(20) : System.Threading.Timeout.InfiniteTimeSpan),
            OutageShare = share,
            MostKept = mostKept,
        };
        var store = new RedisQuotaStore(settings, passed ?? own ?? TimeProvider.System, _loggers.CreateLogger<RedisQuotaStore>());
        _stores.Add(store);
        return store;
    }

    /// <summary>One that is connected.</summary>
    public async Task<RedisQuotaStore> AddAsync(TimeProvider? passed = null, TimeSpan? lease = null, TimeSpan? timeout = null, double share = 0.25, TimeProvider? own = null)
    {
        var store = Add(passed, lease, timeout, share, own: own);
        await store.ReadAsync([Slots("start", 1)], CancellationToken.None);
        return store;
    }

    public static Meter Bucket(string id, long limit, TimeSpan? period = null, MeterUnit unit = MeterUnit.Requests) =>
        new(id, MeterKind.Bucket, unit, limit) { Period = period ?? TimeSpan.FromMinutes(1) };

    /// <summary>Refills so slowly that nothing comes while a test runs.</summary>
    public static Meter Still(string id, long limit) => Bucket(id, limit, TimeSpan.FromDays(10_000));

    public static Meter Slots(string id, long limit) => new(id, MeterKind.Concurrency, MeterUnit.Slots, limit);

    public static QuotaClaim Claim(params Charge[] charges) => new() { Common = charges };

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
        _loggers.Dispose();
        Logs.Dispose();
    }
}
