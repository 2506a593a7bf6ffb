using HybridRouter.Quota;

namespace HybridRouter.Pacing;

/// <summary>
/// The control law (docs/pacing.md): what may be spent per second, and the price at which demand asks for no more. Pure:
/// it reads what it is given and changes nothing.
/// </summary>
internal static class PacingLaw
{
    /// <summary>Part of a bucket that is kept for bursts where nobody may wait; the waiting that is allowed stands in for it, as refill is lost when a bucket is full.</summary>
    public const double KeptForBursts = 0.2;

    /// <summary>Width of the calm range of levels, as a part of the bucket: within it, just the refill is spent, and noise moves nothing.</summary>
    public const double Calm = 0.05;

    /// <summary>A full bucket is spent this many times as fast as it refills.</summary>
    public const double FullSpeed = 4;

    /// <summary>Part of the patience of those who wait that is used to smooth bursts.</summary>
    public const double UsedPatience = 0.5;

    /// <summary>Longest wait that is used to smooth bursts, seconds, however patient they are.</summary>
    public const double MostWait = 30;

    /// <summary>A calendar window is taken to last at least so long, seconds: what is left is not poured out in its last moment.</summary>
    private const double ShortestWindow = 10;

    /// <summary>Whether limits are known of all models that share the demand; without, nothing can be paced.</summary>
    public static bool Knows(IReadOnlyList<QuotaOutlook?> chain) => chain.Count > 0 && chain.All(o => o is not null && o.Lines.Any(l => IsPaced(l.Unit)));

    /// <summary>One line for each unit that limits the pool, with its price.</summary>
    /// <param name="chain">A cloud model and those that take what does not fit it; of all <see cref="Knows"/>. Their budgets add up.</param>
    public static PacedLine[] Solve(Demand demand, IReadOnlyList<QuotaOutlook?> chain, PacingSituation situation)
    {
        var lines = new List<PacedLine>(PacedUnit.Count);
        for (var unit = MeterUnit.Requests; (int)unit < PacedUnit.Count; unit++)
        {
            PacedLine? sum = null;
            foreach (var outlook in chain)
            {
                var narrowest = Narrowest(demand, outlook!, unit, situation);
                // What one of them gives without limit, all together give without limit.
                if ((sum = narrowest is { } line ? line.And(sum) : null) is null)
                    break;
            }
            if (sum is { } found)
                lines.Add(found with { Price = demand.PriceFor(unit, found.Budget - found.Anyway, demand.PerSecond(found.IsWindow)) });
        }
        return [.. lines];
    }

    /// <summary>
    /// The refill, times a factor that never falls as the level rises: 0 when as much waits as is allowed, 1 in the calm range, more above
    /// it. As it depends on the level alone, spending settles and cannot swing.
    /// </summary>
    /// <param name="queued">What waits in front of the pool, in the unit of the line.</param>
    /// <returns>Per second, of all replicas together.</returns>
    public static double BucketRate(in QuotaLine line, double queued, TimeSpan patience)
    {
        var full = line.Capacity;
        if (full <= 0)
            return 0;
        var level = line.Remaining - queued;
        var wait = Math.Min(patience.TotalSeconds * UsedPatience, MostWait) * line.PerSecond;
        // A bucket that is small beside its refill is always nearly full or empty: there, those who wait are the stock.
        var high = Math.Min(Math.Max(0, (KeptForBursts * full) - wait) + (Calm * full), full - ((full + wait) / 3));
        var low = high - (Calm * full);
        var factor = level > high ? 1 + ((FullSpeed - 1) * Math.Min(1, (level - high) / (full - high)))
            : level >= low ? 1
            : Math.Max(0, (level + wait) / (low + wait));
        return line.PerSecond * factor;
    }

    /// <summary>What is left, evenly over the busy time until the window starts anew.</summary>
    public static double WindowRate(in QuotaLine line, double queued, double busySeconds) =>
        Math.Max(0, line.Remaining - queued) / Math.Max(ShortestWindow, busySeconds);

    private static bool IsPaced(MeterUnit unit) => (int)unit < PacedUnit.Count;

    /// <summary>Of a model's lines in one unit the one that lets the smallest part of demand through.</summary>
    private static PacedLine? Narrowest(Demand demand, QuotaOutlook outlook, MeterUnit unit, PacingSituation situation)
    {
        PacedLine? narrowest = null;
        // Tokens are what is known to wait; in other units it is that many requests of the usual size.
        var queued = demand.Usual(MeterUnit.Tokens) is > 0 and var usual ? outlook.QueuedTokens / usual * demand.Usual(unit) : 0;
        foreach (var line in outlook.Lines)
        {
            if (line.Unit != unit)
                continue;
            var isWindow = line.PerSecond <= 0;
            var waiting = queued * situation.Replicas;
            var rate = isWindow ? WindowRate(line, waiting, situation.BusySeconds(line.ResetsIn)) : BucketRate(line, waiting, situation.Patience);
            var found = new PacedLine(unit, isWindow, line.Remaining, line.Capacity, line.PerSecond, line.ResetsIn, rate / situation.Replicas,
                (demand.PerSecond(isWindow) * demand.Usual(unit)) + demand.Anyway(unit), demand.Anyway(unit));
            if (narrowest is not { } other || found.Ease < other.Ease)
                narrowest = found;
        }
        return narrowest;
    }
}

/// <param name="Replicas">Gateways that share the limits, at least 1.</param>
/// <param name="Patience">How long those who wait for quota may wait; zero: nobody waits.</param>
/// <param name="BusySeconds">A time from now on as time of demand as it is now (<see cref="DayRhythm"/>).</param>
internal sealed record PacingSituation(int Replicas, TimeSpan Patience, Func<TimeSpan, double> BusySeconds);

/// <summary>A line of quota with its price, and the figures that explain it.</summary>
/// <param name="PerSecond">Refill of the pool.</param>
/// <param name="Budget">Of this gateway, per second.</param>
/// <param name="Demand">Of this gateway, per second: where triage decides, and <paramref name="Anyway"/>.</param>
/// <param name="Anyway">What goes to the cloud whatever the cutoff is.</param>
internal readonly record struct PacedLine(
    MeterUnit Unit, bool IsWindow, double Remaining, double Capacity, double PerSecond, TimeSpan ResetsIn, double Budget, double Demand, double Anyway)
{
    /// <summary>Score, at the usual size, from which on requests go to the cloud; 0 = all that come fit.</summary>
    public double Price { get; init; }

    /// <summary>Share that is left, 0..1.</summary>
    public double Left => Capacity > 0 ? Math.Clamp(Remaining / Capacity, 0, 1) : 0;

    /// <summary>Budget beside demand; without demand, the budget.</summary>
    public double Ease => Budget / Math.Max(Demand, 1e-9);

    /// <summary>The line of two models that share the demand.</summary>
    public PacedLine And(PacedLine? other) => other is not { } line ? this : this with
    {
        IsWindow = IsWindow && line.IsWindow,
        Remaining = Remaining + line.Remaining,
        Capacity = Capacity + line.Capacity,
        PerSecond = PerSecond + line.PerSecond,
        ResetsIn = ResetsIn > line.ResetsIn ? ResetsIn : line.ResetsIn,
        Budget = Budget + line.Budget,
        Demand = Math.Max(Demand, line.Demand),
    };
}
