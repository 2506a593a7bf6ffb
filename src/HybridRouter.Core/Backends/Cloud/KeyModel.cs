using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.Backends.Cloud;

/// <summary>One key at one model: its limits, what is known of them, and what a request takes of each. Thread-safe.</summary>
internal sealed class KeyModel
{
    /// <summary>Requests under way are always counted, if only to tell the least loaded key.</summary>
    private const long NoConcurrencyLimit = 1_000_000;

    /// <summary>Limits of a minute and of a day are told apart at the geometric middle.</summary>
    private static readonly TimeSpan MoreThanMinutes = TimeSpan.FromMinutes(38);

    private readonly SharedLimits _shared;

    /// <param name="own">What is configured for this key: requests under way and dollars are its own.</param>
    /// <param name="shared">Rate limits, of this key or of several.</param>
    /// <param name="projectTokens">Shared by the keys of a project.</param>
    public KeyModel(string provider, string model, UpstreamKey key, UpstreamLimitOptions? own, SharedLimits shared, UpstreamLimit projectTokens)
    {
        (_shared, Key, ProjectTokens) = (shared, key, projectTokens);
        own ??= new UpstreamLimitOptions();
        var words = $"key '{key.Name}' for '{model}'";
        Limits = [shared.RequestsPerMinute, shared.TokensPerMinute, shared.RequestsPerDay, shared.TokensPerDay, projectTokens];
        var most = shared.Concurrent is null ? own.ConcurrentRequests ?? NoConcurrencyLimit : NoConcurrencyLimit;
        InFlight = new TrackedMeter(new Meter(MeterIds.Of(provider, key.Name, model, "in-flight"), MeterKind.Concurrency, MeterUnit.Slots, most) { Label = $"{most} requests at a time of {words}" });
        if (own.SpendPerMonth is { } dollars)
        {
            Spend = new TrackedMeter(new Meter(MeterIds.Of(provider, key.Name, model, "spend"), MeterKind.Window, MeterUnit.MicroDollars, (long)(dollars * 1e6))
            {
                Window = WindowPeriod.Month,
                FailsClosed = true,
                Label = FormattableString.Invariant($"{dollars:0.##} dollars per month of {words}"),
            });
        }
    }

    public UpstreamKey Key { get; }

    public IReadOnlyList<UpstreamLimit> Limits { get; }

    public UpstreamLimit ProjectTokens { get; }

    /// <summary>Closed while the upstream wants to be left alone with this key, or with all that share its limits, and this model.</summary>
    public TrackedMeter Cooldown => _shared.Cooldown;

    /// <summary>Of this key and those that share its limits; null = not limited.</summary>
    public TrackedMeter? Concurrent => _shared.Concurrent;

    public TrackedMeter InFlight { get; }

    public TrackedMeter? Spend { get; }

    public InFlightRamp Ramp => _shared.Ramp;

    /// <summary>Until no gate is closed.</summary>
    public TimeSpan ClosedFor(TimeSpan now)
    {
        var (cooling, away) = (Cooldown.ClosedFor(now), Key.OutFor(now));
        return cooling > away ? cooling : away;
    }

    /// <summary>When the first of its unused quota is lost: a full bucket refills no more, a window begins anew. Null = nothing is known to be lost.</summary>
    public TimeSpan? LossIn(TimeSpan now)
    {
        TimeSpan? soonest = null;
        foreach (var limit in Limits)
        {
            if (limit.Read(now) is { } reading && !(reading.FreesIn >= soonest))
                soonest = reading.FreesIn;
        }
        return soonest;
    }

    /// <summary>What a request takes.</summary>
    /// <param name="cost">Null: nothing is counted, but what is closed stays closed.</param>
    public KeyOption Option(RequestCost? cost)
    {
        var (window, generation) = Ramp.State;
        var option = new KeyOption(this, generation, Key.Closings);
        option.Add(Key.Credentials, 0);
        option.Add(Key.Spent, 0);
        option.Add(Cooldown, 0);
        if (cost is not { } c)
            return option;
        if (Key.OnProbation)
            option.Add(Key.Probe, 1);
        option.Add(InFlight, 1);
        if (Concurrent is not null)
            option.Add(Concurrent, 1);
        if (window is { } most)
            option.Add(_shared.RampMeter(generation, most), 1);
        foreach (var limit in Limits)
        {
            if (limit.Meter is { } rule)
                option.Add(limit, rule, limit.Unit == MeterUnit.Tokens ? limit.Reserved(rule, c.InputTokens, c.Tokens) : 1);
        }
        if (Spend is { Meter: { } budget })
            option.Add(Spend, UpstreamLimit.Amount(budget, c.InputMicroDollars, c.MicroDollars));
        return option;
    }

    /// <summary>Which limits the upstream spoke of.</summary>
    public IEnumerable<(UpstreamLimit Limit, LimitReading Reading)> Match(UpstreamReadings readings)
    {
        if (!readings.Requests.IsEmpty)
            yield return (PeriodOf(readings.Requests, _shared.RequestsPerMinute, _shared.RequestsPerDay), readings.Requests);
        if (!readings.Tokens.IsEmpty)
            yield return (PeriodOf(readings.Tokens, _shared.TokensPerMinute, _shared.TokensPerDay), readings.Tokens);
        else if (readings.Utilization is { } share && _shared.TokensPerMinute.Meter is { } rule)
            yield return (_shared.TokensPerMinute, new LimitReading(null, (long)Math.Max(0, rule.Limit * (1 - share)), null));
        if (!readings.ProjectTokens.IsEmpty)
            yield return (ProjectTokens, readings.ProjectTokens);
    }

    /// <summary>Headers do not say whether a limit is one of a minute or of a day; how fast it refills does, else its size.</summary>
    private static UpstreamLimit PeriodOf(LimitReading reading, UpstreamLimit minute, UpstreamLimit day)
    {
        if (reading is { Limit: { } limit, Remaining: { } remaining, Reset: { } reset } && remaining < limit)
            return reset * ((double)limit / (limit - remaining)) > MoreThanMinutes ? day : minute;
        return reading.Limit is { } size && day.Is(size) && !minute.Is(size) ? day : minute;
    }
}

/// <summary>What a request is expected to take of an upstream.</summary>
/// <param name="Tokens">Input and weighted output.</param>
internal readonly record struct RequestCost(long InputTokens, long Tokens, long InputMicroDollars, long MicroDollars);
