using System.Globalization;
using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.FakeModel;

/// <summary>
/// Plays a gateway under load that is to be killed: settles one request, holds another, then takes and settles as fast as it
/// can. Prints how many of those are surely in its database.
/// </summary>
public static class QuotaHolder
{
    public const long FixedUse = 60;
    public const long FixedHeld = 30;
    public const long LoopReserved = 10;
    public const long LoopUse = 7;

    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(120);

    /// <summary>Never refilled, so that nothing depends on when the test runs.</summary>
    public static readonly Meter Fixed = new("fixed", MeterKind.Bucket, MeterUnit.Tokens, 0) { Capacity = 1_000_000_000 };

    public static readonly Meter Loop = new("loop", MeterKind.Bucket, MeterUnit.Tokens, 0) { Capacity = 1_000_000_000 };

    public static readonly Meter Slots = new("slots", MeterKind.Concurrency, MeterUnit.Slots, 1000);

    public static async Task<int> RunAsync(string database)
    {
        // Whoever started it may have been killed itself.
        _ = Task.Run(async () =>
        {
            await Console.In.ReadToEndAsync();
            Environment.Exit(0);
        });
        var store = InProcessQuotaStore.Open(database, Lease, TimeProvider.System, NullLogger.Instance);
        var settled = await TakeAsync(store, new(Fixed, 100), new(Slots, 1));
        await store.SettleAsync(settled, [FixedUse, 0]);
        await TakeAsync(store, new(Fixed, FixedHeld), new(Slots, 1));
        for (var i = 1L; ; i++)
        {
            await store.SettleAsync(await TakeAsync(store, new(Loop, LoopReserved), new(Slots, 1)), [LoopUse, 0]);
            if (i % 1000 == 0 && await store.FlushAsync())
                Console.WriteLine(i.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static async Task<QuotaLease> TakeAsync(InProcessQuotaStore store, params Charge[] charges) =>
        (await store.ReserveAsync(new QuotaClaim { Common = charges }, CancellationToken.None)).Common!;
}
