using HybridRouter.Quota;

namespace HybridRouter.Backends.Cloud;

/// <summary>What a pool can still give, from what this process saw last. Looks at the store now and then, in the background. Thread-safe.</summary>
internal sealed class PoolOutlook(KeyPool pool)
{
    /// <summary>A store that answers at once is in this process, and asking it costs next to nothing.</summary>
    private static readonly TimeSpan FreshAtHand = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan FreshAfar = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(365);

    private long _nextLook;
    private int _looking;

    /// <summary>Keys in service, all together.</summary>
    /// <param name="queuedTokens">What waits in front of them.</param>
    public QuotaOutlook Read(double queuedTokens)
    {
        Look();
        return new QuotaOutlook(Lines(pool.Now), queuedTokens);
    }

    /// <summary>Time until the pool has freed this much, nothing else being taken.</summary>
    public TimeSpan TimeUntil(double tokens, int requests)
    {
        Look();
        var longest = pool.AnyOpen(out var closed) ? TimeSpan.Zero : closed;
        foreach (var line in Lines(pool.Now))
        {
            var missing = (line.Unit == MeterUnit.Tokens ? tokens : line.Unit == MeterUnit.Requests ? requests : 0) - line.Remaining;
            if (missing <= 0)
                continue;
            var wait = line.PerSecond > 0 ? TimeSpan.FromSeconds(Math.Min(missing / line.PerSecond, LongestWait.TotalSeconds)) : line.ResetsIn;
            if (wait > longest)
                longest = wait;
        }
        return longest;
    }

    /// <summary>A kind of limit that one of the keys does not have does not limit the pool.</summary>
    private List<QuotaLine> Lines(TimeSpan now)
    {
        var usable = pool.Keys.Where(k => k.Key.OutBy(now) is null).ToList();
        var lines = new List<QuotaLine>();
        if (usable.Count == 0)
            return lines;
        for (var kind = 0; kind < usable[0].Limits.Count; kind++)
            Add(lines, [.. usable.Select(k => k.Limits[kind]).Distinct()], now);
        if (usable.All(k => k.Spend is not null))
            Add(lines, [.. usable.Select(k => k.Spend!)], now);
        return lines;
    }

    private static void Add(List<QuotaLine> lines, IReadOnlyList<TrackedMeter> meters, TimeSpan now)
    {
        var line = default(QuotaLine);
        foreach (var meter in meters)
        {
            if (meter.Meter is not { } rule || meter.Read(now) is not { } reading)
                return;
            var (capacity, perSecond) = rule.Kind == MeterKind.Bucket ? (rule.Capacity, rule.PerSecond) : (rule.Limit, 0);
            line = new QuotaLine(rule.Unit, line.Remaining + reading.Remaining, line.Capacity + capacity, line.PerSecond + perSecond, reading.FreesIn > line.ResetsIn ? reading.FreesIn : line.ResetsIn);
        }
        lines.Add(line);
    }

    private void Look()
    {
        if (pool.Now.Ticks < Volatile.Read(ref _nextLook) || Interlocked.Exchange(ref _looking, 1) != 0)
            return;
        _ = LookAsync();
    }

    /// <summary>Looks at the store now. One that is away says so where requests are granted; here the last view stays.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var fresh = FreshAfar;
        try
        {
            TrackedMeter[] known = [.. pool.Keys.SelectMany(Meters).Distinct().Where(m => m.Meter is not null)];
            var reading = pool.Store.ReadAsync([.. known.Select(m => m.Meter!)], cancellationToken);
            if (reading.IsCompleted)
                fresh = FreshAtHand;
            var readings = await reading.ConfigureAwait(false);
            for (var i = 0; i < known.Length; i++)
                known[i].Saw(readings[i], pool.Now);
            foreach (var key in pool.Keys)
                KeyPool.NoticeOut(key.Key, pool.Now);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            fresh = FreshAfar;
        }
        finally
        {
            Volatile.Write(ref _nextLook, (pool.Now + fresh).Ticks);
        }
    }

    private async Task LookAsync()
    {
        try
        {
            await RefreshAsync(pool.Ending).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The pool ends.
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }

    /// <summary>All that can be read of a key; never its ramp, which is no limit of the upstream.</summary>
    public static IEnumerable<TrackedMeter> Meters(KeyModel key)
    {
        yield return key.Key.Credentials;
        yield return key.Key.Spent;
        yield return key.Cooldown;
        yield return key.InFlight;
        if (key.Concurrent is not null)
            yield return key.Concurrent;
        foreach (var limit in key.Limits)
            yield return limit;
        if (key.Spend is not null)
            yield return key.Spend;
    }
}
