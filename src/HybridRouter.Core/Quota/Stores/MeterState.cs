namespace HybridRouter.Quota.Stores;

/// <summary>One meter's count. Guarded by the store's lock; <c>now</c> is passed in, so that one decision sees one moment.</summary>
internal sealed class MeterState
{
    // Refills add fractions; without this an amount that is whole on paper can miss by one bit.
    private const double Slack = 1e-6;

    /// <summary>A slot frees when some request ends, which nobody knows beforehand.</summary>
    private static readonly TimeSpan SlotWait = TimeSpan.FromSeconds(1);

    private bool _begun;
    private Moment _stamp;
    private DateTimeOffset _windowStart;
    private TimeSpan _closedUntil;

    /// <summary>Bucket: what is left. Window and concurrency: what is used.</summary>
    public double Level { get; private set; }

    public double Taken { get; private set; }

    public bool Covers(Meter meter, long amount, Moment now)
    {
        Advance(meter, now);
        return meter.Kind switch
        {
            MeterKind.Bucket => Level + Slack >= amount,
            MeterKind.Gate => _closedUntil <= now.Elapsed,
            _ => Level + amount <= meter.Limit + Slack,
        };
    }

    /// <summary>Until <see cref="Covers"/>, if nothing else is taken; null = never.</summary>
    public TimeSpan? WaitFor(Meter meter, long amount, Moment now)
    {
        if (Covers(meter, amount, now))
            return TimeSpan.Zero;
        return meter.Kind switch
        {
            MeterKind.Gate => _closedUntil - now.Elapsed,
            MeterKind.Concurrency => SlotWait,
            MeterKind.Bucket when amount <= meter.Capacity && meter.Limit > 0 => TimeSpan.FromSeconds((amount - Level) / meter.PerSecond),
            MeterKind.Window when amount <= meter.Limit => Calendar.End(meter.Window, _windowStart) - now.Utc,
            _ => null,
        };
    }

    /// <summary>Share of the limit that is left after <paramref name="amount"/>; 1 for what has no share.</summary>
    public double Headroom(Meter meter, long amount) => meter.Kind switch
    {
        MeterKind.Bucket => (Level - amount) / Math.Max(1, meter.Capacity),
        MeterKind.Window => (meter.Limit - Level - amount) / Math.Max(1, meter.Limit),
        _ => 1,
    };

    public void Take(Meter meter, double amount)
    {
        Level += meter.Kind == MeterKind.Bucket ? -amount : amount;
        Taken += amount;
    }

    /// <summary>Replaces a reserved amount by the one used.</summary>
    public void Settle(Meter meter, Charge reserved, double used, DateTimeOffset reservedAt, Moment now)
    {
        Advance(meter, now);
        switch (meter.Kind)
        {
            case MeterKind.Concurrency:
                Take(meter, -reserved.Amount);
                break;
            // What was reserved in a window that is over went with it.
            case MeterKind.Window when reservedAt < _windowStart:
                break;
            case MeterKind.Bucket or MeterKind.Window:
                Take(meter, used - reserved.Amount);
                Level = meter.Kind == MeterKind.Bucket ? Math.Min(meter.Capacity, Level) : Math.Max(0, Level);
                break;
        }
    }

    /// <summary>
    /// The upstream counted <paramref name="remaining"/> somewhere between the sending of the request and now: what was
    /// taken since is still to be debited, and at most the refill of that time is still to be credited.
    /// </summary>
    public void Correct(Meter meter, double remaining, double takenSince, TimeSpan since, bool mayRaise, Moment now)
    {
        Advance(meter, now);
        var least = remaining - takenSince;
        var most = Math.Min(meter.Capacity, least + (Math.Max(0, since.TotalSeconds) * meter.PerSecond));
        if (Level > most)
            Level = most;
        else if (mayRaise && Level < least)
            Level = Math.Min(meter.Capacity, least);
    }

    public void Close(TimeSpan until) => _closedUntil = until > _closedUntil ? until : _closedUntil;

    public void Open() => _closedUntil = TimeSpan.Zero;

    public MeterReading Read(Meter meter, Moment now)
    {
        Advance(meter, now);
        return meter.Kind switch
        {
            MeterKind.Bucket => new(Level, Taken, TimeSpan.FromSeconds(meter.Limit > 0 ? Math.Max(0, meter.Capacity - Level) / meter.PerSecond : 0)),
            MeterKind.Window => new(meter.Limit - Level, Taken, Calendar.End(meter.Window, _windowStart) - now.Utc),
            MeterKind.Gate => new(0, 0, _closedUntil > now.Elapsed ? _closedUntil - now.Elapsed : TimeSpan.Zero),
            _ => new(meter.Limit - Level, Taken, TimeSpan.Zero),
        };
    }

    private void Advance(Meter meter, Moment now)
    {
        if (!_begun)
        {
            (_begun, _stamp) = (true, now);
            if (meter.Kind == MeterKind.Bucket)
                Level = meter.Capacity;
            _windowStart = Calendar.Start(meter.Window, now.Utc);
            return;
        }
        if (meter.Kind == MeterKind.Bucket)
        {
            var elapsed = (now.Elapsed - _stamp.Elapsed).TotalSeconds;
            Level = Math.Min(meter.Capacity, Level + (Math.Max(0, elapsed) * meter.PerSecond));
        }
        else if (meter.Kind == MeterKind.Window && now.Utc >= Calendar.End(meter.Window, _windowStart))
        {
            (Level, _windowStart) = (0, Calendar.Start(meter.Window, now.Utc));
        }
        _stamp = now;
    }
}

/// <param name="Elapsed">Monotonic, so that a clock that is set does not refill anything.</param>
internal readonly record struct Moment(DateTimeOffset Utc, TimeSpan Elapsed);

/// <summary>Days and months of UTC.</summary>
internal static class Calendar
{
    public static DateTimeOffset Start(WindowPeriod period, DateTimeOffset utc) => period == WindowPeriod.Day
        ? new DateTimeOffset(utc.Year, utc.Month, utc.Day, 0, 0, 0, TimeSpan.Zero)
        : new DateTimeOffset(utc.Year, utc.Month, 1, 0, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset End(WindowPeriod period, DateTimeOffset start) => period == WindowPeriod.Day ? start.AddDays(1) : start.AddMonths(1);
}
