using HybridRouter.Configuration;
using HybridRouter.Quota;
using HybridRouter.Quota.Queue;

namespace HybridRouter.UnitTests.Quota.Queue;

/// <summary>The bucket is empty when a test begins and gets 10 tokens a second.</summary>
public sealed class AdmissionQueueTests : IDisposable
{
    private readonly QueueRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task AdmitAsync_RoomAndNobodyWaits_IsGrantedAtOnce()
    {
        _rig.Time.Advance(TimeSpan.FromSeconds(10));
        var told = false;

        var verdict = _rig.AdmitAsync("a", 100, maxWait: 0, waiting: _ => told = true);

        Assert.True(verdict.IsCompleted);
        Assert.True((await verdict).Granted);
        Assert.Equal((1, false), (_rig.Tries, told));
    }

    [Fact]
    public async Task AdmitAsync_NoRoom_WaitsAsLongAsItWasTold()
    {
        var told = new List<TimeSpan>();
        var verdict = _rig.AdmitAsync("a", 50, waiting: told.Add);
        Assert.False(verdict.IsCompleted);

        var took = await _rig.UntilAsync(verdict);

        Assert.True((await verdict).Granted);
        Assert.Equal([TimeSpan.FromSeconds(5)], told);
        Assert.InRange(took, 4.99, 5.3);
    }

    [Fact]
    public async Task AdmitAsync_SomebodyWaits_SmallOnesDoNotOvertake()
    {
        var large = _rig.AdmitAsync("a", 200);
        _rig.Time.Advance(TimeSpan.FromSeconds(10));
        var small = _rig.AdmitAsync("b", 1);
        Assert.False(small.IsCompleted);

        await _rig.UntilAsync(Task.WhenAll(large, small));

        Assert.Equal(["a", "b"], _rig.Granted);
    }

    [Fact]
    public async Task AdmitAsync_OnlyLowerPrioritiesWait_TriesAtOnce()
    {
        var batch = _rig.AdmitAsync("a", 200, 1000, RequestPriority.Batch);
        _rig.Time.Advance(TimeSpan.FromSeconds(10));

        var interactive = _rig.AdmitAsync("b", 100);

        Assert.True(interactive.IsCompletedSuccessfully);
        await _rig.UntilAsync(batch);
        Assert.Equal(["b", "a"], _rig.Granted);
    }

    [Fact]
    public async Task AdmitAsync_MixedPrioritiesAndTenants_AreServedInTheLinesOrder()
    {
        Task<QuotaVerdict>[] all =
        [
            _rig.AdmitAsync("x-batch", 10, 1000, RequestPriority.Batch),
            _rig.AdmitAsync("a-1", 10, 1000),
            _rig.AdmitAsync("a-2", 10, 1000),
            _rig.AdmitAsync("a-3", 10, 1000),
            _rig.AdmitAsync("b-1", 10, 1000),
            _rig.AdmitAsync("x-back", 10, 1000, RequestPriority.Background),
        ];

        await _rig.UntilAsync(Task.WhenAll(all));

        Assert.Equal(["a-1", "b-1", "a-2", "a-3", "x-back", "x-batch"], _rig.Granted);
    }

    [Theory]
    [InlineData(31, 30, 1)]
    [InlineData(90, 30, 60)]
    [InlineData(5, 0, 5)]
    public async Task AdmitAsync_EstimateBeyondPatience_IsRefusedAtOnceWithTheTimeToComeBack(int seconds, double maxWait, double retry)
    {
        var first = _rig.AdmitAsync("a", 10, 1000);
        var told = false;

        var verdict = _rig.AdmitAsync("b", (seconds * 10) - 10, maxWait, waiting: _ => told = true);

        Assert.True(verdict.IsCompleted);
        Assert.Equal((QuotaRefusal.Options, TimeSpan.FromSeconds(retry), false), ((await verdict).Refusal, (await verdict).Wait, told));
        await _rig.UntilAsync(first);
        Assert.Equal(["a"], _rig.Granted);
    }

    [Fact]
    public async Task AdmitAsync_StoreSaysLongerThanPatience_IsRefusedWithTheStoresWait()
    {
        var verdict = await _rig.AdmitAsync("a", 310, maxWait: 30);

        Assert.Equal((QuotaRefusal.Options, TimeSpan.FromSeconds(31), _rig.Bucket), (verdict.Refusal, verdict.Wait, verdict.RefusedBy));
    }

    [Fact]
    public async Task AdmitAsync_Flooded_AnotherTenantIsNotRefusedForIt()
    {
        var flood = Enumerable.Range(0, 20).Select(i => _rig.AdmitAsync($"flood-{i}", 20, maxWait: 60)).ToList();
        TimeSpan? told = null;
        var other = _rig.AdmitAsync("other", 10, maxWait: 5, waiting: t => told = t);

        await _rig.UntilAsync(other);

        Assert.True((await other).Granted);
        Assert.Equal(TimeSpan.FromSeconds(3), told);
        await _rig.UntilAsync(Task.WhenAll(flood));
    }

    [Fact]
    public async Task AdmitAsync_PatienceEnds_IsRefusedThenAndTheNextGoesOn()
    {
        // The estimate does not know of the debt that comes.
        var head = _rig.AdmitAsync("a-head", 100, maxWait: 10);
        var next = _rig.AdmitAsync("a-next", 10, maxWait: 60);
        await _rig.Store.CorrectAsync(await LeaseAsync(), new UpstreamStatement(0, -100, MayRaise: false));

        var took = await _rig.UntilAsync(head);

        Assert.Equal(QuotaRefusal.Options, (await head).Refusal);
        Assert.InRange((await head).Wait!.Value.TotalSeconds, 1, 20);
        Assert.InRange(took, 0, 10.3);
        await _rig.UntilAsync(next);
        Assert.Equal(["a-next"], _rig.Granted);
    }

    [Fact]
    public async Task AdmitAsync_PatienceEndsBehindOthers_IsRefusedWithTheTimeToComeBack()
    {
        var head = _rig.AdmitAsync("b-1", 100, maxWait: 60, RequestPriority.Background);
        var second = _rig.AdmitAsync("b-2", 10, maxWait: 12, RequestPriority.Background);
        // Somebody of a higher priority comes in between, which nobody could know.
        _rig.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.True((await _rig.AdmitAsync("a", 50)).Granted);

        Assert.InRange(await _rig.UntilAsync(second), 6.9, 7.2);

        Assert.Equal(QuotaRefusal.Options, (await second).Refusal);
        Assert.InRange((await second).Wait!.Value.TotalSeconds, 3.7, 4.1);
        await _rig.UntilAsync(head);
        Assert.Equal(["a", "b-1"], _rig.Granted);
    }

    [Fact]
    public async Task AdmitAsync_QueueFull_IsRefusedAtOnce()
    {
        using var rig = new QueueRig(maxWaiting: 2);
        var waiting = new[] { rig.AdmitAsync("a", 50), rig.AdmitAsync("b", 50) };

        var verdict = await rig.AdmitAsync("c", 50);

        Assert.Equal((QuotaRefusal.Options, TimeSpan.FromSeconds(15)), (verdict.Refusal, verdict.Wait));
        Assert.Equal(2, rig.Queue.Snapshot(RequestPriority.Interactive).Waiting);
        await rig.UntilAsync(Task.WhenAll(waiting));
        Assert.Equal(["a", "b"], rig.Granted);
    }

    [Fact]
    public async Task AdmitAsync_QueueFullOfOneTenant_ItsLastGivesItsPlace()
    {
        using var rig = new QueueRig(maxWaiting: 3);
        var flood = Enumerable.Range(0, 3).Select(i => rig.AdmitAsync($"flood-{i}", 10)).ToList();
        var other = rig.AdmitAsync("other", 10);
        var more = rig.AdmitAsync("flood-3", 10);

        Assert.True(more.IsCompleted);
        var refused = await Task.WhenAll(flood[2], more);
        Assert.All(refused, v => Assert.True(v is { Refusal: QuotaRefusal.Options, Wait: { } w } && w >= TimeSpan.FromSeconds(3), v.ToString()));
        Assert.Equal(3, rig.Queue.Snapshot(RequestPriority.Interactive).Waiting);
        await rig.UntilAsync(Task.WhenAll(flood[0], flood[1], other));
        Assert.Equal(["flood-0", "other", "flood-1"], rig.Granted);
    }

    [Fact]
    public async Task AdmitAsync_QueueSwitchedOff_RefusesWithTheStoresWord()
    {
        using var rig = new QueueRig(maxWaiting: 0);
        var told = false;

        var verdict = await rig.AdmitAsync("a", 50, waiting: _ => told = true);

        Assert.Equal((QuotaRefusal.Options, TimeSpan.FromSeconds(5), rig.Bucket, false), (verdict.Refusal, verdict.Wait, verdict.RefusedBy, told));
        rig.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.True((await rig.AdmitAsync("a", 50)).Granted);
    }

    [Theory]
    [InlineData(QuotaRefusal.Common, 1.0)]
    [InlineData(QuotaRefusal.StoreAway, 1.0)]
    [InlineData(QuotaRefusal.Options, null)]
    public async Task AdmitAsync_WaitingCannotHelp_EndsAtOnceAndBlocksNobody(QuotaRefusal refusal, double? wait)
    {
        // It is refused so at its turn; before, the bucket was empty.
        var first = true;
        var request = new QueueRequest(RequestPriority.Interactive, "a", 10, TimeSpan.FromSeconds(30));
        var hopeless = _rig.AdmitAsync(request, _ =>
        {
            var verdict = first
                ? new QuotaVerdict { Refusal = QuotaRefusal.Options, Wait = TimeSpan.FromSeconds(1) }
                : new QuotaVerdict { Refusal = refusal, Wait = wait is { } w ? TimeSpan.FromSeconds(w) : null, RefusedBy = _rig.Bucket };
            first = false;
            return new ValueTask<QuotaVerdict>(verdict);
        });
        var next = _rig.AdmitAsync("a-next", 1);

        await _rig.UntilAsync(Task.WhenAll(hopeless, next));

        Assert.Equal((refusal, _rig.Bucket), ((await hopeless).Refusal, (await hopeless).RefusedBy));
        Assert.True((await next).Granted);
    }

    [Fact]
    public async Task AdmitAsync_TryThrows_OnlyThatOneFails()
    {
        var tries = 0;
        var broken = _rig.AdmitAsync(new QueueRequest(RequestPriority.Interactive, "a", 10, TimeSpan.FromSeconds(30)), _ =>
            tries++ == 0
                ? new ValueTask<QuotaVerdict>(new QuotaVerdict { Refusal = QuotaRefusal.Options, Wait = TimeSpan.FromSeconds(1) })
                : throw new InvalidDataException("broken"));
        var next = _rig.AdmitAsync("b", 10);

        await _rig.UntilAsync(Task.WhenAll(broken, next));

        await Assert.ThrowsAsync<InvalidDataException>(() => broken);
        Assert.True((await next).Granted);
    }

    [Fact]
    public async Task Wake_SettlementFreedTokens_GrantsWithoutTheClock()
    {
        _rig.Time.Advance(TimeSpan.FromSeconds(10));
        var held = await _rig.AdmitAsync("a", 100);
        var waiting = _rig.AdmitAsync("b", 80);
        await _rig.SettleAsync();
        Assert.False(waiting.IsCompleted);

        await _rig.Store.SettleAsync(held.Option!, [20]);

        Assert.True((await waiting).Granted);
        Assert.Equal(0, _rig.Level);
    }

    [Fact]
    public async Task AdmitAsync_FreedElsewhere_IsSeenWithinAQuarterOfASecond()
    {
        var elsewhere = false;
        var request = new QueueRequest(RequestPriority.Interactive, "a", 10, TimeSpan.FromSeconds(60));
        var waiting = _rig.AdmitAsync(request, _ => new ValueTask<QuotaVerdict>(Volatile.Read(ref elsewhere)
            ? new QuotaVerdict { Refusal = QuotaRefusal.None }
            : new QuotaVerdict { Refusal = QuotaRefusal.Options, Wait = TimeSpan.FromSeconds(50) }));
        await _rig.SettleAsync();
        Volatile.Write(ref elsewhere, true);

        Assert.InRange(await _rig.UntilAsync(waiting), 0, 0.3);
        Assert.True((await waiting).Granted);
    }

    [Fact]
    public async Task Snapshot_SomeWait_TellsHowManyAndHowLong()
    {
        var waiting = new[] { _rig.AdmitAsync("a", 50), _rig.AdmitAsync("a", 30), _rig.AdmitAsync("b", 20, 600, RequestPriority.Batch) };

        Assert.Equal(new QueueSnapshot(3, 100, TimeSpan.FromSeconds(8)), _rig.Queue.Snapshot(RequestPriority.Interactive));
        Assert.Equal(new QueueSnapshot(3, 100, TimeSpan.FromSeconds(10)), _rig.Queue.Snapshot(RequestPriority.Batch));
        await _rig.UntilAsync(Task.WhenAll(waiting));
        Assert.Equal(default, _rig.Queue.Snapshot(RequestPriority.Batch));
    }

    [Fact]
    public async Task AdmitAsync_HeadBlocked_TriesOnlyTheHead()
    {
        var tried = new List<string>();
        _rig.BeforeTry = name =>
        {
            lock (tried)
                tried.Add(name);
            return Task.CompletedTask;
        };
        var all = Task.WhenAll(_rig.AdmitAsync("a-1", 50), _rig.AdmitAsync("a-2", 50), _rig.AdmitAsync("b-1", 50));
        await _rig.UntilAsync(all);

        Assert.Equal(["a-1", "b-1", "a-2"], tried.Distinct());
        // Four times a second at most, and at the right moment.
        Assert.InRange(tried.Count, 3, 70);
    }

    private async Task<QuotaLease> LeaseAsync() =>
        (await _rig.Store.ReserveAsync(new QuotaClaim { Options = [[new Charge(_rig.Bucket, 0)]] }, CancellationToken.None)).Option!;
}
