using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Quota.Queue;

/// <summary>Who leaves, by itself or with the queue, takes nothing along and blocks nobody. The bucket is empty when a test begins and gets 10 tokens a second.</summary>
public sealed class AdmissionQueueLeavingTests : IDisposable
{
    private readonly QueueRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task AdmitAsync_CancelledBefore_DoesNotTry()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _rig.AdmitAsync("a", 10, cancellationToken: new CancellationToken(canceled: true)));

        Assert.Equal(0, _rig.Tries);
    }

    [Fact]
    public async Task AdmitAsync_CancelledWhileWaiting_LeavesItsPlaceToTheNext()
    {
        using var leaving = new CancellationTokenSource();
        var large = _rig.AdmitAsync("a", 250, cancellationToken: leaving.Token);
        var next = _rig.AdmitAsync("b", 20);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        Assert.InRange(await _rig.UntilAsync(next), 0, 2.3);
        Assert.Equal(["b"], _rig.Granted);
        Assert.Equal(0, _rig.Queue.Snapshot(RequestPriority.Batch).Waiting);
    }

    [Fact]
    public async Task AdmitAsync_CancelledDuringTheGrantingTry_StillReturnsTheGrant()
    {
        using var leaving = new CancellationTokenSource();
        var waiting = _rig.AdmitAsync("a", 10, cancellationToken: leaving.Token);
        await _rig.SettleAsync();
        var (entered, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _rig.BeforeTry = _ =>
        {
            entered.TrySetResult();
            return goOn.Task;
        };
        _rig.Time.Advance(TimeSpan.FromSeconds(2));
        await entered.Task;

        await leaving.CancelAsync();
        Assert.False(waiting.IsCompleted);
        goOn.SetResult();

        var verdict = await waiting;
        Assert.True(verdict.Granted);
        await _rig.Store.SettleAsync(verdict.Option!, [0]);
        Assert.Equal(20, _rig.Level);
    }

    [Fact]
    public async Task AdmitAsync_CancelledDuringARefusedTry_IsCancelled()
    {
        using var leaving = new CancellationTokenSource();
        var waiting = _rig.AdmitAsync("a", 100, cancellationToken: leaving.Token);
        await _rig.SettleAsync();
        var (entered, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _rig.BeforeTry = _ =>
        {
            entered.TrySetResult();
            return goOn.Task;
        };
        _rig.Time.Advance(TimeSpan.FromSeconds(2));
        await entered.Task;

        await leaving.CancelAsync();
        goOn.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, _rig.Queue.Snapshot(RequestPriority.Batch).Waiting);
    }

    [Fact]
    public async Task AdmitAsync_CancelledDuringTheFirstTry_ReturnsWhatItGot()
    {
        using var leaving = new CancellationTokenSource();
        _rig.Time.Advance(TimeSpan.FromSeconds(10));
        _rig.BeforeTry = name => name == "a" ? leaving.CancelAsync() : Task.CompletedTask;

        Assert.True((await _rig.AdmitAsync("a", 100, cancellationToken: leaving.Token)).Granted);
        using var leavingToo = new CancellationTokenSource();
        _rig.BeforeTry = _ => leavingToo.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _rig.AdmitAsync("b", 100, cancellationToken: leavingToo.Token));
    }

    [Fact]
    public async Task Dispose_Waiting_AreRefusedAndNobodyWaitsAnyMore()
    {
        var waiting = new[] { _rig.AdmitAsync("a", 50), _rig.AdmitAsync("b", 50) };

        _rig.Queue.Dispose();

        foreach (var verdict in await Task.WhenAll(waiting))
            Assert.Equal(QuotaRefusal.Options, verdict.Refusal);
        Assert.Equal(QuotaRefusal.Options, (await _rig.AdmitAsync("c", 50)).Refusal);
        _rig.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.True((await _rig.AdmitAsync("c", 50)).Granted);
    }
}
