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

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly string _provider;
    private readonly string _model;
    private readonly TrackedMeter[] _ramps;
    private readonly UpstreamLimit _requestsPerMinute;
    private readonly UpstreamLimit _tokensPerMinute;
    private readonly UpstreamLimit _requestsPerDay;
    private readonly UpstreamLimit _tokensPerDay;

    /// <param name="margin">Share of each rate limit that is kept free.</param>
    /// <param name="projectTokens">Shared by the keys of a project.</param>
    public KeyModel(string provider, string model, UpstreamKey key, UpstreamLimitOptions? limits, double margin, UpstreamLimit projectTokens)
    {
        (_provider, _model, Key, ProjectTokens) = (provider, model, key, projectTokens);
        limits ??= new UpstreamLimitOptions();
        var burst = limits.BurstSeconds / 60;
        UpstreamLimit Rate(string kind, MeterUnit unit, TimeSpan period, long? limit) => new(
            Id(kind), unit, period, limit, period == Minute ? burst : 1, margin, size => $"{size} {(unit == MeterUnit.Tokens ? "tokens" : "requests")} per {(period == Day ? "day" : "minute")} of {Words}");

        _requestsPerMinute = Rate("rpm", MeterUnit.Requests, Minute, limits.RequestsPerMinute);
        _tokensPerMinute = Rate("tpm", MeterUnit.Tokens, Minute, limits.TokensPerMinute);
        _requestsPerDay = Rate("rpd", MeterUnit.Requests, Day, limits.RequestsPerDay);
        _tokensPerDay = Rate("tpd", MeterUnit.Tokens, Day, limits.TokensPerDay);
        Limits = [_requestsPerMinute, _tokensPerMinute, _requestsPerDay, _tokensPerDay, projectTokens];
        Cooldown = new TrackedMeter(new Meter(Id("cooldown"), MeterKind.Gate, MeterUnit.Slots, 0) { Label = $"{Words} was told to wait" });
        InFlight = new TrackedMeter(new Meter(Id("in-flight"), MeterKind.Concurrency, MeterUnit.Slots, limits.ConcurrentRequests ?? NoConcurrencyLimit)
        {
            Label = $"{limits.ConcurrentRequests ?? NoConcurrencyLimit} requests at a time of {Words}",
        });
        if (limits.SpendPerMonth is { } dollars)
        {
            Spend = new TrackedMeter(new Meter(Id("spend"), MeterKind.Window, MeterUnit.MicroDollars, (long)(dollars * 1e6))
            {
                Window = WindowPeriod.Month,
                FailsClosed = true,
                Label = FormattableString.Invariant($"{dollars:0.##} dollars per month of {Words}"),
            });
        }
        Ramp = new InFlightRamp(known: limits.RequestsPerMinute is not null || limits.TokensPerMinute is not null);
        _ramps = [.. Enumerable.Range(0, 8).Select(i => new TrackedMeter(null))];
    }

    public UpstreamKey Key { get; }

    public IReadOnlyList<UpstreamLimit> Limits { get; }

    public UpstreamLimit ProjectTokens { get; }

    /// <summary>Closed while the upstream wants to be left alone with this key and model.</summary>
    public TrackedMeter Cooldown { get; }

    public TrackedMeter InFlight { get; }

    public TrackedMeter? Spend { get; }

    public InFlightRamp Ramp { get; }

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
        if (window is { } most)
            option.Add(RampMeter(generation, most), 1);
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
            yield return (PeriodOf(readings.Requests, _requestsPerMinute, _requestsPerDay), readings.Requests);
        if (!readings.Tokens.IsEmpty)
            yield return (PeriodOf(readings.Tokens, _tokensPerMinute, _tokensPerDay), readings.Tokens);
        else if (readings.Utilization is { } share && _tokensPerMinute.Meter is { } rule)
            yield return (_tokensPerMinute, new LimitReading(null, (long)Math.Max(0, rule.Limit * (1 - share)), null));
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

    private string Words => $"key '{Key.Name}' for '{_model}'";

    private string Id(string kind) => MeterIds.Of(_provider, Key.Name, _model, kind);

    // Requests that left before a refusal may go on for long; the next generation does not count them.
    private TrackedMeter RampMeter(int generation, int most)
    {
        ref var meter = ref _ramps[generation % _ramps.Length];
        if (Volatile.Read(ref meter).Meter?.Limit != most)
        {
            Volatile.Write(ref meter, new TrackedMeter(new Meter(Id($"ramp-{generation % _ramps.Length}"), MeterKind.Concurrency, MeterUnit.Slots, most)
            {
                Label = $"{most} requests at a time until {Words} has answered more",
            }));
        }
        return Volatile.Read(ref meter);
    }
}

/// <summary>What a request is expected to take of an upstream.</summary>
/// <param name="Tokens">Input and weighted output.</param>
internal readonly record struct RequestCost(long InputTokens, long Tokens, long InputMicroDollars, long MicroDollars);
