using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Quota;

public sealed class InProcessQuotaStoreTests : QuotaStoreContract
{
    protected override Task<IQuotaStore> CreateAsync(FakeTimeProvider time) => Task.FromResult<IQuotaStore>(new InProcessQuotaStore(time));
}
