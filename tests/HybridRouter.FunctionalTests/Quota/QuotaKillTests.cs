using System.Diagnostics;
using System.Globalization;
using HybridRouter.FakeModel;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>A process that counts quota is killed in the middle of it. The gateway is played by the fake model's "quota" mode.</summary>
public sealed class QuotaKillTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hybridrouter-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Kill_ThreeTimesUnderLoad_HoldsWhatWasOpenThenReleasesItAndChargesEachSettlementOnce()
    {
        const int Lives = 3;
        var surelySettled = 0L;
        for (var life = 0; life < Lives; life++)
            surelySettled += await RunUntilKilledAsync(reports: 5 + (life * 3));

        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var store = InProcessQuotaStore.Open(Path.Combine(_folder, QuotaStores.FileName), QuotaHolder.Lease, time, NullLogger.Instance);

        var held = await ReadAsync(store);
        Assert.Equal(Lives * (QuotaHolder.FixedUse + QuotaHolder.FixedHeld), held.Fixed);
        Assert.InRange(held.Slots, Lives, Lives * 2);
        Assert.True(held.Loop >= surelySettled * QuotaHolder.LoopUse);

        time.Advance(QuotaHolder.Lease);

        var released = await ReadAsync(store);
        Assert.Equal(Lives * QuotaHolder.FixedUse, released.Fixed);
        Assert.Equal(0, released.Slots);
        Assert.Equal(0, released.Loop % QuotaHolder.LoopUse);
        // What was in the loop at the moment of each kill came back whole.
        Assert.Equal((held.Slots - Lives) * QuotaHolder.LoopReserved, held.Loop - released.Loop);
        Assert.True(released.Loop >= surelySettled * QuotaHolder.LoopUse);
    }

    /// <returns>How many settlements the process had surely written down.</returns>
    private async Task<long> RunUntilKilledAsync(int reports)
    {
        using var process = Process.Start(new ProcessStartInfo(FakeModelProgram.Executable, ["quota", Path.Combine(_folder, QuotaStores.FileName)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var last = "0";
        for (var i = 0; i < reports; i++)
            last = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("The process ended by itself.");
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return long.Parse(last, CultureInfo.InvariantCulture);
    }

    private static async Task<(long Fixed, long Loop, long Slots)> ReadAsync(InProcessQuotaStore store)
    {
        var meters = new[] { QuotaHolder.Fixed, QuotaHolder.Loop, QuotaHolder.Slots };
        var used = (await store.ReadAsync(meters, CancellationToken.None))
            .Zip(meters, (r, m) => (long)Math.Round((m.Kind == MeterKind.Bucket ? m.Capacity : m.Limit) - r.Remaining)).ToArray();
        return (used[0], used[1], used[2]);
    }
}
