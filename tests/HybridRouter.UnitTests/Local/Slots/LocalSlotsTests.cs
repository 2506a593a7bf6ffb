using HybridRouter.Local.Slots;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Local.Slots;

public sealed class LocalSlotsTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task AcquireAsync_FreeSlot_GrantsAtOnce()
    {
        var slots = new LocalSlots(2, _time);

        using var first = await slots.AcquireAsync(TimeSpan.Zero, CancellationToken.None);
        using var second = await slots.AcquireAsync(TimeSpan.Zero, CancellationToken.None);

        Assert.NotNull(first);
        Assert.NotNull(second);
        Assert.Equal(0, slots.Snapshot().Free);
    }

    [Fact]
    public async Task AcquireAsync_NoSlotWithinWait_ReturnsNull()
    {
        var slots = new LocalSlots(1, _time);
        using var held = await slots.AcquireAsync(Long, CancellationToken.None);

        var waiting = slots.AcquireAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Null(await waiting);
        Assert.Equal(0, slots.Snapshot().Waiting);
    }

    [Fact]
    public async Task AcquireAsync_SeveralWaiting_GrantsInOrder()
    {
        var slots = new LocalSlots(1, _time);
        var held = await slots.AcquireAsync(Long, CancellationToken.None);
        var first = slots.AcquireAsync(Long, CancellationToken.None);
        var second = slots.AcquireAsync(Long, CancellationToken.None);

        held!.Dispose();

        var lease = await first;
        Assert.False(second.IsCompleted);
        lease!.Dispose();
        Assert.NotNull(await second);
    }

    [Fact]
    public async Task AcquireAsync_CancelledWhileWaiting_LeavesItsPlaceToTheNext()
    {
        var slots = new LocalSlots(1, _time);
        var held = await slots.AcquireAsync(Long, CancellationToken.None);
        using var cancel = new CancellationTokenSource();
        var cancelled = slots.AcquireAsync(Long, cancel.Token);
        var next = slots.AcquireAsync(Long, CancellationToken.None);

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        held!.Dispose();

        Assert.NotNull(await next);
    }

    [Fact]
    public async Task Dispose_Twice_FreesOneSlot()
    {
        var slots = new LocalSlots(2, _time);
        var first = await slots.AcquireAsync(Long, CancellationToken.None);
        using var second = await slots.AcquireAsync(Long, CancellationToken.None);

        first!.Dispose();
        first.Dispose();

        Assert.Equal(1, slots.Snapshot().Free);
    }

    [Fact]
    public async Task Snapshot_AllTaken_EstimatesFromMeasuredServiceTime()
    {
        var slots = new LocalSlots(2, _time);
        using (await slots.AcquireAsync(Long, CancellationToken.None))
            _time.Advance(TimeSpan.FromSeconds(8));
        using var first = await slots.AcquireAsync(Long, CancellationToken.None);
        Assert.Equal(TimeSpan.Zero, slots.Snapshot().EstimatedWait);
        using var second = await slots.AcquireAsync(Long, CancellationToken.None);
        _ = slots.AcquireAsync(Long, CancellationToken.None);

        // One is ahead, two slots turn over every 8 seconds: (1 + 1) * 8 / 2.
        Assert.Equal(TimeSpan.FromSeconds(8), slots.Snapshot().EstimatedWait);
    }

    [Fact]
    public async Task Capacity_Raised_GrantsWaiting()
    {
        var slots = new LocalSlots(1, _time);
        using var held = await slots.AcquireAsync(Long, CancellationToken.None);
        var waiting = slots.AcquireAsync(Long, CancellationToken.None);

        slots.Capacity = 2;

        Assert.NotNull(await waiting);
    }

    [Fact]
    public async Task Capacity_Lowered_HoldsGrantsUntilEnoughCameBack()
    {
        var slots = new LocalSlots(2, _time);
        var first = await slots.AcquireAsync(Long, CancellationToken.None);
        var second = await slots.AcquireAsync(Long, CancellationToken.None);
        var waiting = slots.AcquireAsync(Long, CancellationToken.None);

        slots.Capacity = 1;
        first!.Dispose();
        Assert.False(waiting.IsCompleted);
        second!.Dispose();

        Assert.NotNull(await waiting);
    }

    [Fact]
    public async Task AcquireAsync_ManyConcurrentWithCancellations_NeverExceedsAndGivesAllBack()
    {
        const int Capacity = 4;
        var slots = new LocalSlots(Capacity, TimeProvider.System);
        var (running, highest, served) = (0, 0, 0);

        async Task OneAsync(int seed)
        {
            var random = new Random(seed);
            for (var i = 0; i < 200; i++)
            {
                using var cancel = new CancellationTokenSource();
                var acquiring = slots.AcquireAsync(Long, cancel.Token);
                if (random.Next(3) == 0)
                    await cancel.CancelAsync();
                try
                {
                    using var lease = await acquiring;
                    var now = Interlocked.Increment(ref running);
                    InterlockedMax(ref highest, now);
                    await Task.Yield();
                    if (random.Next(4) == 0)
                        await Task.Yield();
                    Interlocked.Decrement(ref running);
                    Interlocked.Increment(ref served);
                }
                catch (OperationCanceledException)
                {
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 32).Select(seed => Task.Run(() => OneAsync(seed))));

        // How many ran at once is the scheduler's affair; that all slots came back is not.
        Assert.InRange(highest, 1, Capacity);
        Assert.True(served > 32 * 100);
        Assert.Equal((Capacity, 0), (slots.Snapshot().Free, slots.Snapshot().Waiting));
        for (var i = 0; i < Capacity; i++)
            Assert.NotNull(await slots.AcquireAsync(TimeSpan.Zero, CancellationToken.None));
        Assert.Null(await slots.AcquireAsync(TimeSpan.Zero, CancellationToken.None));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
