using System.Diagnostics.Metrics;
using HybridRouter.Backends.Cloud;
using HybridRouter.Callers;
using HybridRouter.Pacing;
using HybridRouter.Quota;

namespace HybridRouter.Diagnostics;

/// <summary>What quota looks like when a scrape asks. Labels are configured names; a key goes by its name, never by its text.</summary>
public sealed class QuotaGauges(Func<IEnumerable<CloudBackend>> clouds, PacingBoard pacing, AdmissionGate gate, IQuotaStore store)
{
    internal void AddTo(System.Diagnostics.Metrics.Meter meter)
    {
        meter.CreateObservableGauge("hybridrouter.quota.remaining", Remaining, description: "What is left of each limit of each upstream key, in its own unit.");
        meter.CreateObservableGauge("hybridrouter.quota.key.ready", Ready, description: "1 while a key takes requests for a model, 0 while it cools down or is out of service.");
        meter.CreateObservableGauge("hybridrouter.quota.inflight", InFlight, "{request}", "Requests under way, by key and model.");
        meter.CreateObservableGauge("hybridrouter.queue.waiting", Waiting, "{request}", "Requests that wait for cloud quota.");
        meter.CreateObservableGauge("hybridrouter.quota.replicas", () => store.Replicas, "{gateway}", "Gateways that share the limits.");
        meter.CreateObservableCounter("hybridrouter.tokens.saved", () => gate.SavedTokens, "{token}", "Input tokens that token economy kept from being sent.");
        meter.CreateObservableGauge("hybridrouter.pacing.cutoff", () => Paced(static p => p.Cutoff), "1", "The cutoff in force, by cloud model.");
        meter.CreateObservableGauge("hybridrouter.pacing.budget", () => Paced(static p => p.Budget), description: "What may be spent a second of the scarcest unit.");
        meter.CreateObservableGauge("hybridrouter.pacing.demand", () => Paced(static p => p.Demand), description: "What is asked for a second of the scarcest unit.");
    }

    private IEnumerable<Measurement<double>> Remaining() =>
        from at in Models()
        from limit in at.Model.Meters
        select new Measurement<double>(limit.Reading.Remaining, [.. Labels(at), new("limit", Suffix(limit.Meter.Id))]);

    private IEnumerable<Measurement<int>> Ready() =>
        Models().Select(at => new Measurement<int>(at.Model.State is KeyState.Ready or KeyState.OnProbation ? 1 : 0, Labels(at)));

    private IEnumerable<Measurement<long>> InFlight() => Models().Select(at => new Measurement<long>(at.Model.InFlight, Labels(at)));

    private IEnumerable<Measurement<int>> Waiting() =>
        clouds().SelectMany(c => c.Queues.Select(q => new Measurement<int>(q.Queue.Waiting, new("provider", c.Name), new("model", q.Model))));

    private IEnumerable<Measurement<double>> Paced(Func<PacingReading, double?> value) =>
        from pool in pacing.Read()
        let measured = value(pool)
        where measured is not null
        select new Measurement<double>(measured.Value, new("model", pool.Pool), new("unit", pool.Unit?.ToString().ToLowerInvariant()));

    private IEnumerable<(KeySnapshot Key, KeyModelSnapshot Model)> Models() => clouds().SelectMany(c => c.Keys).SelectMany(k => k.Models.Select(m => (k, m)));

    private static KeyValuePair<string, object?>[] Labels((KeySnapshot Key, KeyModelSnapshot Model) at) =>
        [new("provider", at.Key.Provider), new("key", at.Key.Name), new("model", at.Model.Model)];

    /// <summary>The kind of limit is the last part of a meter's identity.</summary>
    private static string Suffix(string id) => id[(id.LastIndexOfAny(['/', ':']) + 1)..];
}
