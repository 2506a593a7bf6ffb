using System.Globalization;
using HybridRouter.Quota.Stores;

namespace HybridRouter.Quota.Redis;

/// <summary>
/// What this process decides by itself during one outage: its share of each limit, and nothing of a meter that fails closed.
/// A bucket begins with the share of what the store last said, if that was said lately, else empty; slots that this process
/// has in use already count. Thread-safe.
/// </summary>
/// <param name="slots">Slots of a meter that this process holds by leases of others than this.</param>
/// <param name="clock">Now, by the store's clock as far as it is known, milliseconds since the Unix epoch.</param>
internal sealed class OutageQuota(double share, LastReadings readings, Func<string, OutageQuota, long> slots, Func<string> nextId, Func<long> clock, TimeProvider time) : IAsyncDisposable
{
    /// <summary>What is told to those who must wait until the store is back, which nobody knows.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>A bucket's reading counts for this part of its period: about what others can have taken since is what it may be wrong by.</summary>
    private const double FreshPart = 1.0 / 12;

    private const int MostSeen = 100_000;

    private readonly Lock _gate = new();
    private readonly InProcessQuotaStore _local = new(time);
    private readonly Dictionary<string, Meter> _seen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (QuotaLease Lease, long Amount)> _inUse = new(StringComparer.Ordinal);

    /// <summary>Meters that were asked for in this outage.</summary>
    public IReadOnlyList<Meter> Seen
    {
        get
        {
            lock (_gate)
                return [.. _seen.Values];
        }
    }

    public QuotaVerdict Reserve(QuotaClaim claim)
    {
        if (ClosedBy(claim.Common) is { } closed)
            return Away(closed);
        var open = Enumerable.Range(0, claim.Options.Count).Where(i => ClosedBy(claim.Options[i]) is null).ToArray();
        if (open.Length == 0 && claim.Options.Count > 0)
            return Away(ClosedBy(claim.Options[0])!);
        lock (_gate)
        {
            var local = new QuotaClaim
            {
                Common = Shares(claim.Common),
                Options = [.. open.Select(i => Shares(claim.Options[i]))],
                Preferred = Array.IndexOf(open, claim.Preferred),
                Pick = claim.Pick,
            };
            return Translate(claim, open, Result(_local.ReserveAsync(local, CancellationToken.None)));
        }
    }

    public IReadOnlyList<MeterReading> Read(IReadOnlyList<Meter> meters)
    {
        lock (_gate)
            return Result(_local.ReadAsync([.. meters.Select(m => Share(m))], CancellationToken.None));
    }

    public void Settle(OutageLease lease, IReadOnlyList<long> used) => Wait(_local.SettleAsync(lease.Local, used));

    public void Correct(OutageLease lease, UpstreamStatement statement) => Wait(_local.CorrectAsync(lease.Local, statement with { Remaining = statement.Remaining * share }));

    public void Close(Meter gate, TimeSpan duration)
    {
        lock (_gate)
            Wait(_local.CloseAsync(Share(gate), duration));
    }

    public void Open(Meter gate)
    {
        lock (_gate)
            Wait(_local.OpenAsync(Share(gate)));
    }

    /// <summary>A lease from before the outage has ended: its slots are free.</summary>
    public void Ended(QuotaLease lease)
    {
        lock (_gate)
        {
            foreach (var charge in lease.Charges)
            {
                if (charge.Meter.Kind == MeterKind.Concurrency && _seen.ContainsKey(charge.Meter.Id))
                    CountInUse(Scaled(charge.Meter));
            }
        }
    }

    public ValueTask DisposeAsync() => _local.DisposeAsync();

    private static Meter? ClosedBy(IReadOnlyList<Charge> charges) => charges.Select(c => c.Meter).FirstOrDefault(m => m.FailsClosed);

    private static QuotaVerdict Away(Meter meter) => new() { Refusal = QuotaRefusal.StoreAway, RefusedBy = meter, Wait = Retry };

    /// <summary>The in-process store never waits.</summary>
    private static T Result<T>(ValueTask<T> done) => done.GetAwaiter().GetResult();

    private static void Wait(ValueTask done) => done.GetAwaiter().GetResult();

    private Charge[] Shares(IReadOnlyList<Charge> charges) => [.. charges.Select(c => new Charge(Share(c.Meter), c.Amount))];

    /// <summary>The meter as it is during the outage; the first time, it begins as it is known.</summary>
    private Meter Share(Meter meter)
    {
        var scaled = Scaled(meter);
        // Names of users come from clients. A meter that is begun twice is only counted more strictly.
        if (_seen.Count >= MostSeen)
            _seen.Clear();
        if (!_seen.TryAdd(meter.Id, meter))
            return scaled;
        switch (meter.Kind)
        {
            case MeterKind.Concurrency:
                CountInUse(scaled);
                break;
            case MeterKind.Gate:
                if (readings.Find(meter.Id) is { } gate && gate.Reading.FreesIn > gate.Age)
                    Wait(_local.CloseAsync(scaled, gate.Reading.FreesIn - gate.Age));
                break;
            default:
                Use(scaled, Most(scaled) - Left(meter, scaled));
                break;
        }
        return scaled;
    }

    /// <summary>Rounded down, so that shares never add up to more than the whole.</summary>
    private Meter Scaled(Meter meter) => meter.Kind switch
    {
        MeterKind.Gate => meter,
        // A longer period instead of a lower limit: the refill of a small limit keeps its fraction.
        MeterKind.Bucket when share > 0 => meter with { Period = meter.Period / share, Capacity = Part(meter.Capacity) },
        _ => meter with { Limit = Part(meter.Limit), Capacity = Part(meter.Capacity) },
    };

    private long Part(long amount) => (long)Math.Floor((amount * share) + 1e-9);

    private static long Most(Meter meter) => meter.Kind == MeterKind.Bucket ? meter.Capacity : meter.Limit;

    private double Left(Meter meter, Meter scaled)
    {
        var known = readings.Find(meter.Id);
        if (meter.Kind == MeterKind.Bucket)
            return known is { } bucket && bucket.Age <= meter.Period * FreshPart ? bucket.Reading.Remaining * share : 0;
        return known is { } window && window.Age < window.Reading.FreesIn ? window.Reading.Remaining * share : scaled.Limit;
    }

    private void Use(Meter scaled, double used)
    {
        var all = (long)Math.Ceiling(used);
        if (all <= 0)
            return;
        // Nothing is held when the meter was begun before and is in use: what it counts then is stricter already.
        if (Result(_local.ReserveAsync(new QuotaClaim { Common = [new Charge(scaled, Math.Min(all, Most(scaled)))] }, CancellationToken.None)).Common is { } lease)
            Wait(_local.SettleAsync(lease, [all]));
    }

    /// <summary>Makes the local count show what is still in use since before the outage, as far as the share can hold it.</summary>
    private void CountInUse(Meter scaled)
    {
        var amount = Math.Min(slots(scaled.Id, this), scaled.Limit);
        if (_inUse.Remove(scaled.Id, out var before))
        {
            if (before.Amount == amount)
            {
                _inUse.Add(scaled.Id, before);
                return;
            }
            Wait(_local.SettleAsync(before.Lease, [0]));
        }
        var verdict = Result(_local.ReserveAsync(new QuotaClaim { Common = [new Charge(scaled, amount)] }, CancellationToken.None));
        if (verdict.Common is { } lease)
            _inUse.Add(scaled.Id, (lease, amount));
    }

    private QuotaVerdict Translate(QuotaClaim claim, int[] open, QuotaVerdict local)
    {
        var index = local.OptionIndex < 0 ? -1 : open[local.OptionIndex];
        var refuser = local.RefusedBy is { } meter ? Original(claim, meter.Id) : null;
        return local with
        {
            Common = Lease(local.Common, claim.Common),
            Option = index < 0 ? null : Lease(local.Option, claim.Options[index]),
            OptionIndex = index,
            RefusedBy = refuser?.Meter,
            OptionReadings = local.Refusal == QuotaRefusal.Options ? Spread(claim, open, local.OptionReadings) : local.OptionReadings,
            // Too much for the share, but not for the whole: it fits again when the store is back.
            Wait = local.Wait ?? (refuser is { } charge && charge.Amount <= Most(charge.Meter) ? Retry : null),
        };
    }

    /// <summary>One for each option of the claim: none of those that fail closed.</summary>
    private static IReadOnlyList<MeterReading>[] Spread(QuotaClaim claim, int[] open, IReadOnlyList<IReadOnlyList<MeterReading>> readings)
    {
        var all = new IReadOnlyList<MeterReading>[claim.Options.Count];
        Array.Fill(all, []);
        for (var i = 0; i < open.Length; i++)
            all[open[i]] = readings[i];
        return all;
    }

    private static Charge? Original(QuotaClaim claim, string id)
    {
        foreach (var charge in claim.Common.Concat(claim.Options.SelectMany(o => o)))
        {
            if (charge.Meter.Id == id)
                return charge;
        }
        return null;
    }

    private OutageLease? Lease(QuotaLease? local, IReadOnlyList<Charge> charges) =>
        local is null ? null : new OutageLease(string.Create(CultureInfo.InvariantCulture, $"{nextId()}x"), charges, local, clock(), this);
}
