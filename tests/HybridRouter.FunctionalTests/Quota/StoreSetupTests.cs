using HybridRouter.FunctionalTests.Local;
using HybridRouter.Quota;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>Servers that are set up wrongly, and what is told of it.</summary>
public sealed class StoreSetupTests(LockedRedisServer locked, LooseGarnetServer loose) : IClassFixture<LockedRedisServer>, IClassFixture<LooseGarnetServer>
{
    private static readonly QuotaClaim Claim = StoreRig.Claim(new Charge(new Meter("money", MeterKind.Window, MeterUnit.MicroDollars, 100) { FailsClosed = true }, 1));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Password_Right_IsUsedAndNeverLogged()
    {
        await locked.StartAsync();
        await using var rig = new StoreRig(locked);
        var store = rig.Add(connection: $"{locked.Connection},password={LockedRedisServer.Password}");

        Assert.True((await store.ReserveAsync(Claim, Cancel)).Granted);
        await locked.KillAsync();
        Assert.Equal(QuotaRefusal.StoreAway, (await store.ReserveAsync(Claim, Cancel)).Refusal);

        Assert.Contains("is away", rig.Logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(LockedRedisServer.Password, rig.Logs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Password_Wrong_IsAwayAndNeverLogged()
    {
        await locked.StartAsync();
        await using var rig = new StoreRig(locked);
        var store = rig.Add(timeout: TimeSpan.FromSeconds(2), connection: $"{locked.Connection},password=wrong-0c2f-secret");

        Assert.Equal(QuotaRefusal.StoreAway, (await store.ReserveAsync(Claim, Cancel)).Refusal);

        Assert.Contains("is away", rig.Logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("0c2f", rig.Logs.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:6379,password=half,other half=x-secret")]
    [InlineData("localhost:6379,password=a,connectTimeout=x-secret")]
    [InlineData(",password=x-secret")]
    public void Connection_Malformed_IsRefusedWithoutQuotingIt(string connection)
    {
        using var loggers = new Microsoft.Extensions.Logging.LoggerFactory();
        var options = new HybridRouter.Configuration.QuotaOptions { Connection = connection };

        var e = Assert.Throws<ArgumentException>(() => HybridRouter.Quota.Redis.RedisQuotaStore.Create(options, TimeProvider.System, loggers));

        Assert.Contains("quota:connection", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garnet_ScriptsNotAtomic_IsNotUsedAndSaysWhy()
    {
        await loose.StartAsync();
        await using var rig = new StoreRig(loose);
        var store = rig.Add();

        Assert.Equal(QuotaRefusal.StoreAway, (await store.ReserveAsync(Claim, Cancel)).Refusal);

        await Eventually.TrueAsync(() => rig.Logs.Text.Contains("--lua-transaction-mode true", StringComparison.Ordinal), "the log says what to change");
    }
}
