using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.Backends.Cloud;

/// <summary>
/// The limits of one model for one key, for the keys of a project, or for all of a provider
/// (<see cref="CloudProviderOptions.LimitsPer"/>): what they still have, whether they were told to wait, and how many
/// requests they may be tried with. Thread-safe.
/// </summary>
internal sealed class SharedLimits
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly string _provider;
    private readonly string _owner;
    private readonly string _model;
    private readonly TrackedMeter[] _ramps = [.. Enumerable.Range(0, 8).Select(_ => new TrackedMeter(null))];

    /// <param name="owner">Part of the meters' names, the same in all replicas.</param>
    /// <param name="words">Whose limits they are, for errors.</param>
    /// <param name="margin">Share of each rate limit that is kept free.</param>
    private SharedLimits(string provider, string owner, string model, string words, UpstreamLimitOptions limits, double margin, bool ofOneKey)
    {
        (_provider, _owner, _model, Words) = (provider, owner, model, words);
        var burst = limits.BurstSeconds / 60;
        UpstreamLimit Rate(string kind, MeterUnit unit, TimeSpan period, long? limit) => new(
            Id(kind), unit, period, limit, period == Minute ? burst : 1, margin, size => $"{size} {(unit == MeterUnit.Tokens ? "tokens" : "requests")} per {(period == Day ? "day" : "minute")} of {Words}");

        RequestsPerMinute = Rate("rpm", MeterUnit.Requests, Minute, limits.RequestsPerMinute);
        TokensPerMinute = Rate("tpm", MeterUnit.Tokens, Minute, limits.TokensPerMinute);
        RequestsPerDay = Rate("rpd", MeterUnit.Requests, Day, limits.RequestsPerDay);
        TokensPerDay = Rate("tpd", MeterUnit.Tokens, Day, limits.TokensPerDay);
        Cooldown = new TrackedMeter(new Meter(Id("cooldown"), MeterKind.Gate, MeterUnit.Slots, 0) { Label = $"{Words} was told to wait" });
        if (limits.ConcurrentRequests is { } most && !ofOneKey)
            Concurrent = new TrackedMeter(new Meter(Id("concurrent"), MeterKind.Concurrency, MeterUnit.Slots, most) { Label = $"{most} requests at a time of {Words}" });
        Ramp = new InFlightRamp(known: limits.RequestsPerMinute is not null || limits.TokensPerMinute is not null);
    }

    /// <summary>Whose limits they are.</summary>
    public string Words { get; }

    public UpstreamLimit RequestsPerMinute { get; }

    public UpstreamLimit TokensPerMinute { get; }

    public UpstreamLimit RequestsPerDay { get; }

    public UpstreamLimit TokensPerDay { get; }

    /// <summary>Closed while the upstream wants to be left alone.</summary>
    public TrackedMeter Cooldown { get; }

    /// <summary>Requests under way of several keys together; null = no such limit, or that of the one key (<see cref="KeyModel.InFlight"/>).</summary>
    public TrackedMeter? Concurrent { get; }

    public InFlightRamp Ramp { get; }

    public static SharedLimits OfKey(string provider, string model, UpstreamKey key, UpstreamLimitOptions? limits, double margin) =>
        new(provider, key.Name, model, $"key '{key.Name}' for '{model}'", limits ?? new UpstreamLimitOptions(), margin, ofOneKey: true);

    /// <summary>One for each key, in their order; those of one scope are the same.</summary>
    /// <param name="configured">Of each key; where they differ within a scope, the strictest holds.</param>
    public static IReadOnlyList<SharedLimits> Of(CloudProviderOptions provider, string model, IReadOnlyList<UpstreamKey> keys, IReadOnlyList<UpstreamLimitOptions?> configured, double margin)
    {
        if (provider.LimitsPer == LimitScope.Key)
            return [.. keys.Select((k, i) => OfKey(provider.Name, model, k, configured[i], margin))];
        var ofProvider = provider.LimitsPer == LimitScope.Provider;
        string Owner(UpstreamKey key) => ofProvider ? provider.Name : key.Project;
        // A colon gets a hash behind it, so no key of that name has the same meters.
        var scopes = keys.Zip(configured).GroupBy(k => Owner(k.First), k => k.Second, StringComparer.Ordinal).ToDictionary(g => g.Key, g => new SharedLimits(
            provider.Name, ofProvider ? "provider:" : $"project:{g.Key}", model, $"{(ofProvider ? "provider" : "project")} '{g.Key}' for '{model}'", Strictest(g), margin, ofOneKey: false), StringComparer.Ordinal);
        return [.. keys.Select(k => scopes[Owner(k)])];
    }

    /// <summary>Requests that left before a refusal may go on for long; the next generation does not count them.</summary>
    public TrackedMeter RampMeter(int generation, int most)
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

    private static UpstreamLimitOptions Strictest(IEnumerable<UpstreamLimitOptions?> configured)
    {
        var all = configured.OfType<UpstreamLimitOptions>().ToList();
        return all.Count == 0 ? new UpstreamLimitOptions() : new UpstreamLimitOptions
        {
            RequestsPerMinute = all.Min(l => l.RequestsPerMinute),
            TokensPerMinute = all.Min(l => l.TokensPerMinute),
            RequestsPerDay = all.Min(l => l.RequestsPerDay),
            TokensPerDay = all.Min(l => l.TokensPerDay),
            ConcurrentRequests = all.Min(l => l.ConcurrentRequests),
            BurstSeconds = all.Min(l => l.BurstSeconds),
        };
    }

    private string Id(string kind) => MeterIds.Of(_provider, _owner, _model, kind);
}
