using HybridRouter.Quota;

namespace HybridRouter.Backends.Cloud;

/// <summary>
/// One rate limit of an upstream: configured, told by the upstream, or both; the stricter holds. Unknown until either is
/// there. Part of it is kept free (<see cref="Configuration.QuotaOptions.MarginPercent"/>). Thread-safe.
/// </summary>
/// <param name="period">A minute or a day.</param>
/// <param name="burst">Share of the period's amount that may be used at once.</param>
/// <param name="margin">Share that is kept free, 0..0.5.</param>
/// <param name="label">The limit in words.</param>
internal sealed class UpstreamLimit(string id, MeterUnit unit, TimeSpan period, long? configured, double burst, double margin, Func<long, string> label)
    : TrackedMeter(configured is { } limit ? Rule(id, unit, period, limit, burst, margin, label) : null)
{
    private readonly Lock _telling = new();
    private long? _told;

    public MeterUnit Unit => unit;

    public bool IsOfMinute => period <= TimeSpan.FromMinutes(1);

    /// <summary>What the upstream says may raise the level, unless the configuration is stricter than the upstream.</summary>
    public bool MayRaise
    {
        get
        {
            lock (_telling)
                return configured is null || _told <= configured;
        }
    }

    /// <summary>Whether this limit, as configured or as told, is of that size.</summary>
    public bool Is(long size)
    {
        lock (_telling)
            return size == configured || size == _told;
    }

    /// <summary>The upstream said how large it is; its latest word holds.</summary>
    public void Tell(long size, TimeSpan now)
    {
        lock (_telling)
        {
            if (_told == size)
                return;
            _told = size;
            var rule = Rule(id, unit, period, Math.Min(size, configured ?? long.MaxValue), burst, margin, label);
            if (rule.Limit != Meter?.Limit)
                Change(rule, now);
        }
    }

    /// <summary>What may still be taken when the upstream has this much left.</summary>
    public double LessMargin(long remaining)
    {
        lock (_telling)
            return Math.Max(0, remaining - (margin * (_told ?? configured ?? 0)));
    }

    /// <summary>What is reserved. A limit that was only told may be a lie, and nothing would ever take it back if no request came through.</summary>
    public long Reserved(Meter rule, long input, long total) => configured is null ? Math.Min(total, rule.Capacity) : Amount(rule, input, total);

    /// <summary>
    /// What is reserved. A reservation is a guess, so it never makes a request that fits by its input unservable on a small
    /// limit; one whose input alone is larger can never be served.
    /// </summary>
    public static long Amount(Meter rule, long input, long total) => input > rule.Limit ? input : Math.Min(total, rule.Kind == MeterKind.Bucket ? rule.Capacity : rule.Limit);

    // A longer period instead of a smaller limit: a tenth of one request a minute is kept free exactly, not rounded to a whole one.
    private static Meter Rule(string id, MeterUnit unit, TimeSpan period, long limit, double burst, double margin, Func<long, string> label) =>
        new(id, MeterKind.Bucket, unit, limit)
        {
            Period = period / (1 - margin),
            Capacity = Math.Max(1, (long)Math.Floor(limit * burst * (1 - margin))),
            Label = label(limit),
        };
}
