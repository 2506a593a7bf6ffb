using System.Globalization;
using HybridRouter.Quota;
using HybridRouter.Quota.Redis;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.FakeModel;

/// <summary>Plays a gateway with requests under way: takes slots and tokens of a shared store, tells so, and keeps them until it is killed.</summary>
internal static class SharedQuotaHolder
{
    public static async Task<int> RunAsync(string connection, string name, string leaseSeconds)
    {
        var settings = new RedisQuotaSettings
        {
            Connection = connection,
            Namespace = name,
            Timeout = TimeSpan.FromSeconds(20),
            Lease = TimeSpan.FromSeconds(int.Parse(leaseSeconds, CultureInfo.InvariantCulture)),
        };
        await using var store = new RedisQuotaStore(settings, TimeProvider.System, NullLogger.Instance);
        var slots = new Meter("slots", MeterKind.Concurrency, MeterUnit.Slots, 10);
        var tokens = new Meter("tokens", MeterKind.Window, MeterUnit.Tokens, 1000);
        var verdict = await store.ReserveAsync(new QuotaClaim { Common = [new(slots, 10), new(tokens, 1000)] }, CancellationToken.None);
        Console.WriteLine(verdict.Granted ? "held" : "refused");
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
