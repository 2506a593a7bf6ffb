namespace HybridRouter.Simulator.Limits;

/// <summary>Limits and counts of one key for one model. Guarded by the ledger's lock.</summary>
internal sealed class ModelAccount(KeyAccount key, string model)
{
    private readonly long[] _refused = new long[Enum.GetValues<RefusalReason>().Length];

    public KeyAccount Key { get; } = key;

    public RateBucket? Requests { get; private set; }

    public RateBucket? Day { get; private set; }

    public RateBucket? Tokens { get; private set; }

    public int? Concurrent { get; private set; }

    public int InFlight { get; private set; }

    public int HighestConcurrency { get; private set; }

    /// <summary>True after a reset: what was reserved here is gone already, so nothing is given back.</summary>
    public bool Retired { get; set; }

    public long Accepted { get; private set; }

    public long InputTokens { get; set; }

    public long OutputTokens { get; set; }

    public long Cancelled { get; set; }

    public long Faulted { get; set; }

    /// <summary>New limits start full; what is in flight and counted stays.</summary>
    public void Apply(SimulatedLimits limits, TimeProvider time)
    {
        var burst = limits.BurstSeconds / 60;
        Requests = limits.RequestsPerMinute is { } rpm ? new RateBucket(rpm, TimeSpan.FromMinutes(1), burst, time) : null;
        Tokens = limits.TokensPerMinute is { } tpm ? new RateBucket(tpm, TimeSpan.FromMinutes(1), burst, time) : null;
        Day = limits.RequestsPerDay is { } rpd ? new RateBucket(rpd, TimeSpan.FromDays(1), 1, time) : null;
        Concurrent = limits.ConcurrentRequests;
    }

    public void Enter()
    {
        Accepted++;
        HighestConcurrency = Math.Max(HighestConcurrency, ++InFlight);
    }

    public void Leave() => InFlight--;

    public void CountRefusal(RefusalReason reason) => _refused[(int)reason]++;

    /// <summary>The request limit that is nearer to its end: the day's or the minute's.</summary>
    public LimitReading? RequestReading()
    {
        var minute = LimitReading.Of(Requests);
        var day = LimitReading.Of(Day);
        return minute is null || (day is { } d && d.Remaining < minute.Value.Remaining) ? day : minute;
    }

    public SimulatedAccountState State() => new(
        Key.Id,
        model,
        Accepted + _refused.Sum(),
        Accepted,
        new SimulatedRefusals(
            _refused[(int)RefusalReason.Requests],
            _refused[(int)RefusalReason.Day],
            _refused[(int)RefusalReason.Tokens],
            _refused[(int)RefusalReason.ProjectTokens],
            _refused[(int)RefusalReason.TooLarge],
            _refused[(int)RefusalReason.Concurrency],
            _refused[(int)RefusalReason.Quota]),
        InFlight,
        HighestConcurrency,
        InputTokens,
        OutputTokens,
        Cancelled,
        Faulted,
        RequestReading()?.Remaining,
        LimitReading.Of(Tokens)?.Remaining,
        Key.TokensUsed);
}
