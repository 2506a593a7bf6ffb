using HybridRouter.Configuration;
using HybridRouter.Quota;
using HybridRouter.Quota.Queue;
using HybridRouter.Quota.Stores;

namespace HybridRouter.UnitTests.Quota.Queue;

/// <summary>Many at the same time, on real threads.</summary>
public sealed class AdmissionQueueStressTests
{
    private const int Requests = 1000, Limit = 100;

    private static readonly Meter Slots = new("slots", MeterKind.Concurrency, MeterUnit.Slots, Limit);

    [Fact]
    public async Task AdmitAsync_ThousandAtALimitOfHundred_NeverMoreAtOnceAndAllAreServed()
    {
        await using var store = new InProcessQuotaStore(TimeProvider.System);
        using var queue = Queue(store);
        var (running, most, granted) = (0, 0, 0);

        await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => Task.Run(async () =>
        {
            var verdict = await queue.AdmitAsync(Request(i), Reserve(store, Slots), CancellationToken.None);
            Assert.True(verdict.Granted);
            Interlocked.Increment(ref granted);
            var now = Interlocked.Increment(ref running);
            for (int seen; now > (seen = Volatile.Read(ref most)) && Interlocked.CompareExchange(ref most, now, seen) != seen;)
            {
            }
            for (var turn = 0; turn < 20; turn++)
                await Task.Yield();
            Interlocked.Decrement(ref running);
            await store.SettleAsync(verdict.Option!, [0]);
        })));

        Assert.Equal(Requests, granted);
        Assert.InRange(most, 1, Limit);
        Assert.Equal(Limit, await FreeAsync(store));
        Assert.Equal(0, queue.Snapshot(RequestPriority.Batch).Waiting);
    }

    [Fact]
    public async Task AdmitAsync_ThousandAtABudgetOfHundred_ExactlyHundredAreGranted()
    {
        var budget = new Meter("day", MeterKind.Window, MeterUnit.Requests, Limit);
        await using var store = new InProcessQuotaStore(TimeProvider.System);
        using var queue = Queue(store);

        var verdicts = await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => Task.Run(() => queue.AdmitAsync(Request(i), Reserve(store, budget), CancellationToken.None))));

        Assert.Equal(Limit, verdicts.Count(v => v.Granted));
        Assert.All(verdicts.Where(v => !v.Granted), v => Assert.Equal(QuotaRefusal.Options, v.Refusal));
    }

    [Fact]
    public async Task AdmitAsync_HalfOfThemLeave_NoGrantIsLost()
    {
        await using var store = new InProcessQuotaStore(TimeProvider.System);
        using var queue = Queue(store);

        await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => Task.Run(async () =>
        {
            using var client = new CancellationTokenSource();
            var admitting = queue.AdmitAsync(Request(i), Reserve(store, Slots), client.Token);
            if (i % 2 == 0)
            {
                for (var turn = 0; turn < i % 40; turn++)
                    await Task.Yield();
                await client.CancelAsync();
            }
            try
            {
                var verdict = await admitting;
                Assert.True(verdict.Granted);
                await Task.Yield();
                await store.SettleAsync(verdict.Option!, [0]);
            }
            catch (OperationCanceledException) when (client.IsCancellationRequested)
            {
            }
        })));

        Assert.Equal(Limit, await FreeAsync(store));
        Assert.Equal(0, queue.Snapshot(RequestPriority.Batch).Waiting);
    }

    private static AdmissionQueue Queue(InProcessQuotaStore store)
    {
        var queue = new AdmissionQueue(new QueueOptions { MaxWaiting = Requests }, (_, _) => TimeSpan.Zero, TimeProvider.System);
        store.Freed += queue.Wake;
        return queue;
    }

    private static QueueRequest Request(int i) => new((RequestPriority)(i % 3), $"t{i % 7}", 1 + (i % 50), TimeSpan.FromMinutes(10));

    private static Func<CancellationToken, ValueTask<QuotaVerdict>> Reserve(InProcessQuotaStore store, Meter meter) => cancellationToken =>
        store.ReserveAsync(new QuotaClaim { Options = [[new Charge(meter, 1)]] }, cancellationToken);

    private static async Task<double> FreeAsync(InProcessQuotaStore store) => (await store.ReadAsync([Slots], CancellationToken.None))[0].Remaining;
}
