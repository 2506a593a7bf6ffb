namespace HybridRouter.Quota.Stores;

/// <summary>
/// One meter's count: what is used of it. A bucket's use fades with time, so that an unused meter of any kind and rule is
/// the same zero. Guarded by the store's lock; <c>now</c> is passed in, so that one decision sees one moment.
/// </summary>
internal sealed class MeterState(string id)
{
    /// <summary>Longest wait that is told, and longest time that a gate stays closed.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>A slot frees when some request ends, which nobody knows beforehand.</summary>
    private static readonly TimeSpan SlotWait = TimeSpan.FromSeconds(1);

    private MeterRule _rule;
    private bool _begun;
    private long _stamp;
    private long _lastUse;
    private DateTime _windowStart;
    private DateTime _windowEnd;
    private long _closedUntil;

    public string Id { get; } = id;

    public double Used { get; private set; }

    /// <summary>Everything ever taken less what was given back.</summary>
    public double Taken { get; private set; }

    /// <summary>Grows whenever the count starts anew, so that what was taken before is not given back after.</summary>
    public long Epoch { get; private set; }

    /// <summary>Leases that hold some of it.</summary>
    public int Holds { get; set; }

    /// <summary>Place in the table; negative once it was forgotten.</summary>
    public int Index { get; set; }

    /// <summary>Number of its row in the database; 0 = it has none.</summary>
    public long Row { get; set; }

    /// <summary>Changed since it was last handed to the writer.</summary>
    public bool Dirty { get; set; }

    /// <summary>Brings it to this moment and under this rule. Before anything else is asked of it.</summary>
    /// <returns>True: the rule has changed.</returns>
    public bool Use(Meter meter, in Moment now)
    {
        _lastUse = now.Elapsed;
        Advance(now);
        if (_begun && _rule.Is(meter))
            return false;
        var (known, before) = (_begun, _rule);
        _rule = MeterRule.Of(meter);
        if (known && before.CountsAs(_rule))
            return true;
        if (known)
            (Used, Epoch, _closedUntil) = (0, Epoch + 1, 0);
        (_begun, _stamp) = (true, now.Elapsed);
        SetWindow(now.Utc);
        return known;
    }

    /// <exception cref="ArgumentOutOfRangeException">A negative amount, which would give instead of take.</exception>
    public bool Fits(long amount, in Moment now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        return _rule.Kind == MeterKind.Gate ? _closedUntil <= now.Elapsed : amount == 0 || Used + amount <= _rule.Most + _rule.Slack;
    }

    /// <summary>Until it <see cref="Fits"/>, if nothing else is taken; null = never.</summary>
    public TimeSpan? WaitFor(long amount, in Moment now)
    {
        if (Fits(amount, now))
            return TimeSpan.Zero;
        if (_rule.Kind == MeterKind.Gate)
            return new TimeSpan(_closedUntil - now.Elapsed);
        if (amount > _rule.Most)
            return null;
        return _rule.Kind switch
        {
            MeterKind.Concurrency => SlotWait,
            MeterKind.Window => _windowEnd - now.Utc,
            _ => _rule.PerTick > 0 ? Ticks((Used + amount - _rule.Most) / _rule.PerTick) : null,
        };
    }

    /// <summary>Share of the limit that is left after <paramref name="amount"/>; 1 for what has no share.</summary>
    public double Headroom(long amount) => _rule.Kind is MeterKind.Bucket or MeterKind.Window ? (_rule.Most - Used - amount) / Math.Max(1, _rule.Most) : 1;

    public void Take(long amount)
    {
        Used += amount;
        Taken += amount;
    }

    /// <summary>Replaces a reserved amount by the one used; slots are freed whatever that is.</summary>
    /// <param name="epoch">When it was reserved. What was reserved in a window that is over went with it.</param>
    /// <returns>False: nothing changed.</returns>
    public bool Settle(long epoch, long reserved, long used, in Moment now)
    {
        Advance(now);
        if (epoch != Epoch || _rule.Kind == MeterKind.Gate)
            return false;
        var change = (_rule.Kind == MeterKind.Concurrency ? 0 : used) - reserved;
        Used = Math.Max(0, Used + change);
        Taken += change;
        return change != 0;
    }

    /// <summary>
    /// The upstream counted <paramref name="remaining"/> somewhere between the sending of the request and now: at most the
    /// refill of that time is still to be credited. What was taken since may be in its count already: raising keeps it
    /// debited, lowering does not debit it again.
    /// </summary>
    /// <returns>False: nothing changed.</returns>
    public bool Correct(long epoch, double remaining, double takenSince, long since, bool mayRaise, in Moment now)
    {
        Advance(now);
        if (epoch != Epoch || _rule.Kind != MeterKind.Bucket)
            return false;
        var most = _rule.Most - (remaining - takenSince);
        var least = _rule.Most - (remaining - Math.Min(takenSince, 0)) - (since * _rule.PerTick);
        var corrected = Used < least ? least : mayRaise && Used > most ? most : Used;
        var before = Used;
        Used = Math.Max(0, corrected);
        return Used != before;
    }

    public void Close(TimeSpan duration, in Moment now) =>
        _closedUntil = Math.Max(_closedUntil, now.Elapsed + Math.Clamp(duration.Ticks, 0, Longest.Ticks));

    public void Open() => _closedUntil = 0;

    public MeterReading Read(in Moment now) => _rule.Kind switch
    {
        MeterKind.Bucket => new(_rule.Most - Used, Taken, _rule.PerTick > 0 ? Ticks(Used / _rule.PerTick) : TimeSpan.Zero),
        MeterKind.Window => new(_rule.Most - Used, Taken, _windowEnd - now.Utc),
        MeterKind.Gate => new(0, 0, new TimeSpan(Math.Max(0, _closedUntil - now.Elapsed))),
        _ => new(_rule.Most - Used, Taken, TimeSpan.Zero),
    };

    /// <summary>Nobody holds, uses or reads it, and it counts nothing: a new one would be the same.</summary>
    public bool IsIdle(TimeSpan unusedFor, in Moment now)
    {
        if (Holds > 0 || now.Elapsed - _lastUse < unusedFor.Ticks)
            return false;
        Advance(now);
        // A window that is still to come counts in advance what is taken after a clock was set back.
        return Used == 0 && _closedUntil <= now.Elapsed && (_rule.Kind != MeterKind.Window || _windowStart <= now.Utc);
    }

    /// <summary>What a restart needs to know.</summary>
    public MeterRow Save(in Moment now)
    {
        Advance(now);
        var closedFor = new TimeSpan(Math.Max(0, _closedUntil - now.Elapsed));
        return new MeterRow(Row, Id, _rule, Used, Epoch, _windowStart, closedFor, now.Utc);
    }

    /// <summary>As it was saved, with the time since then passed; a clock that went backwards since lets none pass.</summary>
    public static MeterState Restore(MeterRow row, in Moment now)
    {
        var passed = Math.Max(0, (now.Utc - row.SavedAt).Ticks);
        var state = new MeterState(row.Id)
        {
            Row = row.Row,
            Used = row.Used,
            Epoch = row.Epoch,
            _rule = row.Rule,
            _begun = true,
            _stamp = now.Elapsed - passed,
            _lastUse = now.Elapsed,
            _windowStart = row.WindowStart,
            _windowEnd = Calendar.End(row.Rule.Window, row.WindowStart),
            _closedUntil = row.ClosedFor.Ticks > passed ? now.Elapsed + row.ClosedFor.Ticks - passed : 0,
        };
        state.Advance(now);
        return state;
    }

    private void Advance(in Moment now)
    {
        if (_rule.Kind == MeterKind.Bucket)
            Used = Math.Max(0, Used - (Math.Max(0, now.Elapsed - _stamp) * _rule.PerTick));
        else if (_rule.Kind == MeterKind.Window && _begun)
            AdvanceWindow(now.Utc);
        _stamp = now.Elapsed;
    }

    private void AdvanceWindow(DateTime utc)
    {
        if (utc >= _windowEnd)
        {
            (Used, Epoch) = (0, Epoch + 1);
            SetWindow(utc);
        }
        // A clock that is set back a little must not start the same day twice. A window far ahead is the work of a clock
        // that was wrong, and would count for ever: its count goes on in the present one.
        else if (_windowStart - utc > TimeSpan.FromDays(1))
        {
            SetWindow(utc);
        }
    }

    private void SetWindow(DateTime utc)
    {
        _windowStart = Calendar.Start(_rule.Window, utc);
        _windowEnd = Calendar.End(_rule.Window, _windowStart);
    }

    /// <summary>Rounded up, so that what is waited for has come when the time is over.</summary>
    private static TimeSpan Ticks(double ticks) => ticks < Longest.Ticks ? new TimeSpan((long)Math.Ceiling(ticks)) : Longest;
}
