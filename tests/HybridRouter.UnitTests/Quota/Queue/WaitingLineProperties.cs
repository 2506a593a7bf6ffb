using CsCheck;
using HybridRouter.Configuration;
using HybridRouter.Quota.Queue;

namespace HybridRouter.UnitTests.Quota.Queue;

/// <summary>What must hold for every line, whoever comes and in whatever order.</summary>
public sealed class WaitingLineProperties
{
    private const double Patience = 10_000;

    private static readonly Gen<QueueRequest> Requests = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 3], Gen.Long[1, 100], Gen.Int[1, 4]).Select((priority, tenant, tokens, patience) =>
        new QueueRequest((RequestPriority)priority, $"t{tenant}", tokens, TimeSpan.FromSeconds(patience * Patience / 4)));

    /// <summary>Something happens to a line: somebody comes, one is served, one gives up, time goes on.</summary>
    private static readonly Gen<(int What, QueueRequest Request, int Seconds)[]> Histories = Gen.Select(Gen.Int[0, 9], Requests, Gen.Int[0, 400]).Array[0, 120];

    [Fact]
    public void Line_AnyHistory_KeepsOrderAndCounts() => Histories.Sample(history =>
    {
        var (line, now) = (new WaitingLine(), TimeSpan.Zero);
        var waiting = new List<Waiter>();
        foreach (var (what, request, seconds) in history)
        {
            switch (what)
            {
                case < 5:
                    waiting.Add(new Waiter(request, now));
                    line.Add(waiting[^1], now);
                    break;
                case < 8 when line.Next(now) is { } next:
                    Assert.Same(waiting.First(w => IsSameFlow(w, next)), next);
                    Assert.DoesNotContain(waiting, w => w.Standing(now) < next.Standing(now) && w == waiting.First(o => IsSameFlow(o, w)));
                    line.Serve(next);
                    waiting.Remove(next);
                    break;
                case 8 when waiting.Count > 0:
                    Assert.True(line.Remove(waiting[seconds % waiting.Count]));
                    waiting.RemoveAt(seconds % waiting.Count);
                    break;
                default:
                    now += TimeSpan.FromSeconds(seconds);
                    break;
            }
            Assert.Equal((waiting.Count, waiting.Sum(w => w.Request.Tokens)), (line.Count, line.Tokens));
            Assert.Equal(waiting.Count == 0, line.Next(now) is null);
            Assert.Equal(waiting.Count == 0 ? null : waiting.Min(w => w.Until), line.FirstToExpire?.Until);
            Assert.InRange(line.Flows, 0, 12);
        }
    });

    /// <summary>The bound of start-time fair queueing: at every moment two tenants that always wait differ by no more than the largest request of each.</summary>
    [Fact]
    public void Serve_TwoTenantsThatAlwaysWait_GetTheSame() => Gen.Select(Gen.Long[1, 500].Array[20], Gen.Long[1, 50].Array[200], Gen.Long[1, 80].Array[0, 50]).Sample((large, small, others) =>
    {
        var line = new WaitingLine();
        foreach (var tokens in large)
            Add(line, "large", tokens);
        foreach (var tokens in others)
            Add(line, "other", tokens);
        foreach (var tokens in small)
            Add(line, "small", tokens);
        var got = new Dictionary<string, double> { ["large"] = 0, ["small"] = 0, ["other"] = 0 };
        var left = new Dictionary<string, int> { ["large"] = large.Length, ["small"] = small.Length, ["other"] = others.Length };
        while (left["large"] > 0 && left["small"] > 0)
        {
            var next = line.Next(TimeSpan.Zero)!;
            line.Serve(next);
            got[next.Request.Tenant] += next.Request.Tokens;
            left[next.Request.Tenant]--;
            Assert.True(Math.Abs(got["large"] - got["small"]) <= large.Max() + small.Max(), $"{got["large"]} and {got["small"]}");
        }
    });

    /// <summary>However many come before it in rank without end, a batch request is served soon after three quarters of its patience.</summary>
    [Fact]
    public void Serve_OldBatchUnderEndlessLoad_IsServedBeforeItsPatienceEnds() => Gen.Select(Gen.Int[1, 5], Gen.Long[1, 100].Array[10, 40], Gen.Long[1, 100]).Sample((tenants, sizes, own) =>
    {
        const double perSecond = 10;
        var (line, now) = (new WaitingLine(), TimeSpan.Zero);
        var old = new Waiter(new QueueRequest(RequestPriority.Batch, "old", own, TimeSpan.FromSeconds(1000)), now);
        line.Add(old, now);
        for (var i = 0; ; i++)
        {
            // Each tenant always has two in line.
            for (var tenant = 0; tenant < tenants; tenant++)
            {
                while (line.Waiting.Count(w => w.Request.Tenant == $"t{tenant}") < 2)
                    line.Add(new Waiter(new QueueRequest(RequestPriority.Interactive, $"t{tenant}", sizes[i % sizes.Length], TimeSpan.FromSeconds(1_000_000)), now), now);
            }
            var next = line.Next(now)!;
            line.Serve(next);
            now += TimeSpan.FromSeconds(next.Request.Tokens / perSecond);
            if (next == old)
                break;
            // One request of each of the others, and the one under way when it rose.
            Assert.True(now.TotalSeconds <= 750 + ((tenants + 1) * 100 / perSecond), $"still waiting at {now}");
        }
        Assert.True(now.TotalSeconds >= 750, $"served at {now}, before it stood with the others");
    });

    /// <summary>What a newcomer is told to be before it is exactly what then goes before it when nobody else comes.</summary>
    [Fact]
    public void Ahead_Newcomer_IsWhatIsServedBeforeIt() => Gen.Select(Requests.Array[0, 40], Gen.Int[0, 20], Requests, Gen.Int[0, 3000]).Sample((before, served, newcomer, seconds) =>
    {
        var (line, now) = (new WaitingLine(), TimeSpan.Zero);
        foreach (var request in before)
            line.Add(new Waiter(request with { MaxWait = TimeSpan.FromSeconds(Patience) }, now), now);
        for (var i = 0; i < served && line.Next(now) is { } next; i++)
            line.Serve(next);
        now += TimeSpan.FromSeconds(seconds);
        var told = line.Ahead(newcomer, now);

        var last = new Waiter(newcomer with { MaxWait = TimeSpan.FromSeconds(2 * Patience) }, now);
        line.Add(last, now);
        var (tokens, requests) = (0.0, 0);
        for (var next = line.Next(now)!; next != last; next = line.Next(now)!)
        {
            line.Serve(next);
            (tokens, requests) = (tokens + next.Request.Tokens, requests + 1);
        }

        Assert.Equal((tokens, requests), told);
    });

    private static void Add(WaitingLine line, string tenant, long tokens) =>
        line.Add(new Waiter(new QueueRequest(RequestPriority.Interactive, tenant, tokens, TimeSpan.FromSeconds(Patience)), TimeSpan.Zero), TimeSpan.Zero);

    private static bool IsSameFlow(Waiter a, Waiter b) => (a.Request.Tenant, a.Request.Priority) == (b.Request.Tenant, b.Request.Priority);
}
