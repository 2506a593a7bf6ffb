using HybridRouter.Configuration;
using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.UnitTests.Quota.Stores;

public sealed class QuotaStoresTests
{
    private static readonly Meter Budget = new("budget", MeterKind.Bucket, MeterUnit.Tokens, 0) { Capacity = 100 };

    [Fact]
    public async Task Create_Folder_KeepsCountsInItsDatabase()
    {
        var folder = Directory.CreateTempSubdirectory("hybridrouter-quota-");
        try
        {
            for (var life = 1; life <= 3; life++)
            {
                await using var store = Create(Path.Combine(folder.FullName, "data"));
                await store.SettleAsync((await store.ReserveAsync(new QuotaClaim { Common = [new(Budget, 10)] }, CancellationToken.None)).Common!, [10]);
                Assert.Equal(100 - (10 * life), (await store.ReadAsync([Budget], CancellationToken.None))[0].Remaining);
            }
            Assert.True(File.Exists(Path.Combine(folder.FullName, "data", "quota.db")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Create_NoFolder_CountsInMemoryAlone()
    {
        await using var store = Create(null);

        Assert.True((await store.ReserveAsync(new QuotaClaim { Common = [new(Budget, 10)] }, CancellationToken.None)).Granted);
        Assert.False(File.Exists(QuotaStores.FileName));
    }

    private static IQuotaStore Create(string? folder) => QuotaStores.Create(new QuotaOptions(), folder, TimeProvider.System, NullLoggerFactory.Instance);
}
