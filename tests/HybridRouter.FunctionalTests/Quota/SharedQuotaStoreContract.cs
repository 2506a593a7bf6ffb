using HybridRouter.Quota;
using HybridRouter.Quota.Redis;
using HybridRouter.UnitTests.Quota;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>A store on a real server keeps every promise that the store of one process keeps.</summary>
public abstract class SharedQuotaStoreContract(QuotaServer server) : QuotaStoreContract
{
    private readonly StoreRig _rig = new(server);

    protected override async Task<IQuotaStore> CreateAsync(FakeTimeProvider time)
    {
        await server.StartAsync();
        return _rig.Add(time);
    }

    protected override Task ArriveAsync() => ((RedisQuotaStore)Store).FlushAsync();

    public override async ValueTask DisposeAsync()
    {
        Assert.Empty(_rig.Logs.Errors);
        await _rig.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

public sealed class GarnetQuotaStoreTests(GarnetServer server) : SharedQuotaStoreContract(server), IClassFixture<GarnetServer>;

public sealed class RedisQuotaStoreTests(RedisServer server) : SharedQuotaStoreContract(server), IClassFixture<RedisServer>;
