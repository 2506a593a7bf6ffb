using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.Backends.Cloud;

/// <summary>One key of a provider, for all its models. The text itself goes nowhere but into requests. Thread-safe.</summary>
internal sealed class UpstreamKey
{
    private readonly CloudKeyOptions _options;
    private int _closings;
    private volatile bool _onProbation;

    private UpstreamKey(string provider, string name, string? secret, CloudKeyOptions options)
    {
        (_options, Name, Secret, Project) = (options, name, secret, options.Project ?? provider);
        Credentials = new TrackedMeter(new Meter(MeterIds.Of(provider, name, "credentials"), MeterKind.Gate, MeterUnit.Slots, 0) { Label = $"key '{name}' was refused" });
        Spent = new TrackedMeter(new Meter(MeterIds.Of(provider, name, "spent"), MeterKind.Gate, MeterUnit.Slots, 0) { Label = $"the quota of key '{name}' is spent" });
        Probe = new TrackedMeter(new Meter(MeterIds.Of(provider, name, "probe"), MeterKind.Concurrency, MeterUnit.Slots, 1) { Label = $"key '{name}' is tried with one request at a time" });
    }

    public string Name { get; }

    public string? Secret { get; }

    /// <summary>Keys of one project share its limits.</summary>
    public string Project { get; }

    public int Weight => _options.Weight;

    /// <summary>Closed while the provider refuses the key (401, 402, 403).</summary>
    public TrackedMeter Credentials { get; }

    /// <summary>Closed while the key's quota is spent.</summary>
    public TrackedMeter Spent { get; }

    /// <summary>One request at a time while the key is on probation.</summary>
    public TrackedMeter Probe { get; }

    /// <summary>It was out of service and has not answered since.</summary>
    public bool OnProbation => _onProbation;

    /// <summary>How often it went out of service; a success counts only for the time since the last one.</summary>
    public int Closings => Volatile.Read(ref _closings);

    /// <summary>Keys whose text is not set are left out; a provider without any configured key has one without text.</summary>
    public static IReadOnlyList<UpstreamKey> Of(CloudProviderOptions provider)
    {
        var all = provider.ApiKeys.Select(k => new CloudKeyOptions { Key = k }).Concat(provider.Keys).ToList();
        if (all.Count == 0)
            return [new UpstreamKey(provider.Name, "no-key", null, new CloudKeyOptions())];
        var taken = all.Select(k => k.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var keys = new List<UpstreamKey>();
        for (var i = 0; i < all.Count; i++)
        {
            var name = all[i].Name;
            if (name.Length == 0)
            {
                // By its position, set or not, so that it has the same meters in a replica where another key is not set.
                for (name = $"key-{i + 1}"; !taken.Add(name);)
                    name += "+";
            }
            if (SecretText.Resolve(all[i].Key) is { } secret)
                keys.Add(new UpstreamKey(provider.Name, name, secret, all[i]));
        }
        return keys;
    }

    /// <summary>The most particular limits that are configured for a model.</summary>
    public UpstreamLimitOptions? LimitsFor(CloudModelOptions model) => _options.ModelLimits.GetValueOrDefault(model.Name) ?? _options.Limits ?? model.Limits;

    /// <summary>The gate that keeps it out of service longest, or null.</summary>
    public TrackedMeter? OutBy(TimeSpan now)
    {
        var (credentials, spent) = (Credentials.ClosedFor(now), Spent.ClosedFor(now));
        return credentials <= TimeSpan.Zero && spent <= TimeSpan.Zero ? null : credentials >= spent ? Credentials : Spent;
    }

    public TimeSpan OutFor(TimeSpan now) => OutBy(now)?.ClosedFor(now) ?? TimeSpan.Zero;

    /// <summary>It goes out of service, here or as seen in the store; one request at a time tries it after that.</summary>
    public void WentOut()
    {
        _onProbation = true;
        Interlocked.Increment(ref _closings);
    }

    /// <param name="closings">When the request left; null = an operator says so.</param>
    /// <returns>True when it was on probation.</returns>
    public bool IsBack(int? closings = null)
    {
        if (!_onProbation || (closings is { } seen && seen != Closings))
            return false;
        _onProbation = false;
        return true;
    }

    public override string ToString() => $"key '{Name}'";
}
