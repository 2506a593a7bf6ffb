using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Quota.Stores;

/// <summary>
/// One meter, counted the plain way. Time is in tenths of a second and everything is a whole number, so that nothing is ever
/// rounded: a bucket's unit is what a limit of one refills in a tenth.
/// </summary>
internal sealed class ModelMeter(Meter rule)
{
    private long _used;
    private long _lastTenth;
    private DateTime? _window;
    private long _closedUntil;

    public Meter Rule { get; set; } = rule;

    /// <summary>Windows that began.</summary>
    public int Windows { get; private set; }

    public long Taken { get; private set; }

    public double Remaining => Rule.Kind == MeterKind.Gate ? 0 : (Most - _used) / (double)Scale;

    public double Used => _used / (double)Scale;

    private long Scale => Rule.Kind == MeterKind.Bucket ? Rule.Period.Ticks / TimeSpan.TicksPerMillisecond / 100 : 1;

    private long Most => Scale * (Rule.Kind == MeterKind.Bucket ? Rule.Capacity : Rule.Limit);

    public void PassTo(long tenth, DateTime utc)
    {
        if (Rule.Kind == MeterKind.Bucket)
            _used = Math.Max(0, _used - ((tenth - _lastTenth) * Rule.Limit));
        _lastTenth = tenth;
        if (Rule.Kind != MeterKind.Window)
            return;
        var window = Rule.Window == WindowPeriod.Day ? utc.Date : new DateTime(utc.Year, utc.Month, 1, 0, 0, 0, DateTimeKind.Utc);
        if (_window is null || window > _window)
            (_window, _used, Windows) = (window, 0, Windows + 1);
        else if (_window - utc > TimeSpan.FromDays(1))
            _window = window;
    }

    public bool Fits(long amount) => Rule.Kind == MeterKind.Gate ? _lastTenth >= _closedUntil : amount == 0 || _used + (amount * Scale) <= Most;

    /// <summary>Seconds; null = never.</summary>
    public double? Wait(long amount, DateTime utc)
    {
        if (Fits(amount))
            return 0;
        if (Rule.Kind == MeterKind.Gate)
            return (_closedUntil - _lastTenth) / 10.0;
        if (amount * Scale > Most)
            return null;
        return Rule.Kind switch
        {
            MeterKind.Bucket => (_used + (amount * Scale) - Most) / 10.0 / Rule.Limit,
            MeterKind.Window => ((Rule.Window == WindowPeriod.Day ? _window!.Value.AddDays(1) : _window!.Value.AddMonths(1)) - utc).TotalSeconds,
            _ => 1,
        };
    }

    public double Room(long amount) => Rule.Kind is MeterKind.Bucket or MeterKind.Window ? (Most - _used - (amount * Scale)) / (double)Math.Max(1, Most) : 1;

    public void Take(long amount)
    {
        _used += amount * Scale;
        Taken += amount;
    }

    public void Settle(ModelHold hold, long used)
    {
        if (hold.Windows != Windows || Rule.Kind == MeterKind.Gate)
            return;
        var change = (Rule.Kind == MeterKind.Concurrency ? 0 : used) - hold.Amount;
        _used = Math.Max(0, _used + (change * Scale));
        Taken += change;
    }

    public void Correct(ModelHold hold, long remaining, bool mayRaise)
    {
        if (Rule.Kind != MeterKind.Bucket)
            return;
        var level = Most - _used;
        var least = (remaining - (Taken - hold.TakenAfter)) * Scale;
        var most = ((remaining - Math.Min(0, Taken - hold.TakenAfter)) * Scale) + ((_lastTenth - hold.GrantedAt) * Rule.Limit);
        if (level > most)
            level = most;
        else if (level < least && mayRaise)
            level = least;
        _used = Math.Max(0, Most - level);
    }

    public void Close(long tenths) => _closedUntil = Math.Max(_closedUntil, _lastTenth + tenths);

    public void Open() => _closedUntil = 0;
}

/// <summary>One charge of a lease.</summary>
internal sealed record ModelHold(ModelMeter Meter, long Amount, int Windows, long TakenAfter, long GrantedAt);
