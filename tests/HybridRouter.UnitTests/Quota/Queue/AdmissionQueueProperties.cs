using CsCheck;
using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Quota.Queue;

public sealed class AdmissionQueueProperties
{
    private const int MaxWaiting = 8;

    private static readonly Gen<(int Priority, int Tenant, long Tokens, double Patience, int PauseMs, bool Leaves)> Arrivals =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2], Gen.Long[0, 120], Gen.Double[0, 40], Gen.Int[0, 3000], Gen.Int[0, 5].Select(i => i == 0));

    /// <summary>Everybody gets an answer: a grant, a refusal that says when to come back, or the cancellation it asked for; nothing is granted beyond the bucket.</summary>
    [Fact]
    public async Task AdmitAsync_AnyTraffic_AnswersEverybodyAndKeepsTheLimits() => await Arrivals.Array[1, 30].SampleAsync(async arrivals =>
    {
        using var rig = new QueueRig(MaxWaiting);
        var (start, all, left) = (rig.Time.GetUtcNow(), new List<(Task<QuotaVerdict> Answer, long Tokens, double Patience, TimeSpan At)>(), new List<CancellationTokenSource>());
        for (var i = 0; i < arrivals.Length; i++)
        {
            var (priority, tenant, tokens, patience, pause, leaves) = arrivals[i];
            var client = new CancellationTokenSource();
            all.Add((rig.AdmitAsync($"t{tenant}-{i}", tokens, patience, (RequestPriority)priority, cancellationToken: client.Token), tokens, patience, rig.Time.GetUtcNow() - start));
            Assert.InRange(rig.Queue.Snapshot(RequestPriority.Batch).Waiting, 0, MaxWaiting);
            if (leaves)
                left.Add(client);
            rig.Time.Advance(TimeSpan.FromMilliseconds(pause));
            if (i % 3 == 2)
            {
                foreach (var leaving in left)
                    await leaving.CancelAsync();
            }
        }
        await rig.UntilAsync(Task.WhenAll(all.Select(a => a.Answer)));

        var granted = 0L;
        foreach (var (answer, tokens, _, _) in all)
        {
            if (answer.IsCanceled)
                continue;
            var verdict = await answer;
            granted += verdict.Granted ? tokens : 0;
            Assert.True(verdict.Granted || verdict is { Refusal: QuotaRefusal.Options, Wait: { Ticks: > 0 } }, verdict.ToString());
        }
        var elapsed = (rig.Time.GetUtcNow() - start).TotalSeconds;
        Assert.True(granted <= (QueueRig.PerSecond * elapsed) + 1e-3, $"{granted} granted in {elapsed} s");
        Assert.Equal(Math.Min(rig.Bucket.Capacity, (QueueRig.PerSecond * elapsed) - granted), rig.Level, 3);
        Assert.Equal(default, rig.Queue.Snapshot(RequestPriority.Batch) with { EstimatedWait = default });
        Assert.Equal(0, rig.Time.Pending);
    }, iter: 200);
}
