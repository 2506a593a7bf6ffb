using HybridRouter.Quota;

namespace HybridRouter.Backends.Cloud;

/// <summary>
/// A meter and what this process last saw of it, carried on by its rule: for planning and for telling, never for granting.
/// Times are those since the pool began. Thread-safe.
/// </summary>
internal class TrackedMeter(Meter? meter)
{
    private readonly Lock _gate = new();
    private Meter? _meter = meter;
    private MeterReading? _last;
    private TimeSpan _at;
    private double _refunded;
    private double _unheard;
    private double _heard;

    /// <summary>Null while no such limit is known.</summary>
    public Meter? Meter => Volatile.Read(ref _meter);

    public void Saw(MeterReading reading, TimeSpan now)
    {
        lock (_gate)
            (_last, _at) = (reading, now);
    }

    /// <summary>Null while no such limit is known. A meter that was never looked at counts as full.</summary>
    public MeterReading? Read(TimeSpan now)
    {
        lock (_gate)
            return Meter is { } rule ? Carry(rule, now) : null;
    }

    public TimeSpan ClosedFor(TimeSpan now) => Read(now)?.FreesIn ?? TimeSpan.Zero;

    /// <summary>Of a gate; a longer time that was seen before is kept.</summary>
    public void Close(TimeSpan duration, TimeSpan now)
    {
        if (duration > ClosedFor(now))
            Saw(new MeterReading(0, 0, duration), now);
    }

    public void Open()
    {
        lock (_gate)
            _last = null;
    }

    /// <summary>A request is about to take this much; until the upstream is heard, nobody knows whether it counted that.</summary>
    /// <returns>What was given back so far.</returns>
    public double Announce(double amount)
    {
        lock (_gate)
        {
            _unheard += amount;
            return _refunded;
        }
    }

    /// <summary>What others are on their way with.</summary>
    public double UnheardBeside(double amount)
    {
        lock (_gate)
            return _unheard - amount;
    }

    /// <summary>The upstream was heard, or the request did not leave.</summary>
    public void Heard(double amount)
    {
        lock (_gate)
            _unheard -= amount;
    }

    /// <summary>Others that the upstream has been heard of, and that are not settled here: it may have given back what they did not use.</summary>
    public double HeardBeside(double amount)
    {
        lock (_gate)
            return Math.Max(0, _heard - amount);
    }

    /// <param name="amount">What is held since the upstream was heard; negative: no longer.</param>
    public void HeldOn(double amount)
    {
        lock (_gate)
            _heard += amount;
    }

    public void Settled(long reserved, long used, TimeSpan now)
    {
        lock (_gate)
        {
            _refunded += Math.Max(0, reserved - used);
            if (_last is null || Meter is not { } rule)
                return;
            var last = Carry(rule, now);
            (_last, _at) = (last with { Remaining = Math.Min(Most(rule), last.Remaining + reserved - used), Taken = last.Taken - reserved + used }, now);
        }
    }

    /// <summary>The level was moved to where the upstream says it is.</summary>
    public void Moved(double remaining, TimeSpan now)
    {
        lock (_gate)
        {
            if (Meter is { } rule)
                (_last, _at) = (Carry(rule, now) with { Remaining = Math.Min(Most(rule), remaining) }, now);
        }
    }

    /// <summary>What happened since a request left: the level now, what was taken less what was given back, and what was given back.</summary>
    public (double Level, double Taken, double Refunded) Since(double takenThen, double refundedThen, TimeSpan now)
    {
        lock (_gate)
        {
            var last = Meter is { } rule ? Carry(rule, now) : default;
            return (last.Remaining, last.Taken - takenThen, _refunded - refundedThen);
        }
    }

    /// <summary>Another rule for the same state; as in the store, what was used stays used.</summary>
    protected void Change(Meter rule, TimeSpan now)
    {
        lock (_gate)
        {
            var before = _meter;
            if (before is not null && _last is not null)
            {
                var last = Carry(before, now);
                (_last, _at) = (last with { Remaining = last.Remaining + Most(rule) - Most(before) }, now);
            }
            Volatile.Write(ref _meter, rule);
        }
    }

    private MeterReading Carry(Meter rule, TimeSpan now)
    {
        if (_last is not { } last)
            return new MeterReading(Most(rule), 0, TimeSpan.Zero);
        var elapsed = now > _at ? now - _at : TimeSpan.Zero;
        var left = last.FreesIn > elapsed ? last.FreesIn - elapsed : TimeSpan.Zero;
        switch (rule.Kind)
        {
            case MeterKind.Bucket:
                var level = Math.Min(rule.Capacity, last.Remaining + (elapsed.TotalSeconds * rule.PerSecond));
                return last with { Remaining = level, FreesIn = rule.Limit > 0 ? TimeSpan.FromSeconds((rule.Capacity - level) / rule.PerSecond) : TimeSpan.Zero };
            case MeterKind.Window when left == TimeSpan.Zero && last.FreesIn > TimeSpan.Zero:
                return last with { Remaining = rule.Limit, FreesIn = TimeSpan.Zero };
            default:
                return last with { FreesIn = left };
        }
    }

    private static double Most(Meter rule) => rule.Kind switch
    {
        MeterKind.Bucket => rule.Capacity,
        MeterKind.Gate => 0,
        _ => rule.Limit,
    };
}
