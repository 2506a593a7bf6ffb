using System.Collections.Concurrent;

namespace HybridRouter.Pacing;

/// <summary>
/// The pacers of all cloud models. One for as long as the gateway runs: what was learned of demand outlives a changed
/// configuration. Thread-safe.
/// </summary>
/// <param name="replicas">Gateways that share the limits now, at least 1; cheap.</param>
public sealed class PacingBoard(Func<int> replicas, TimeProvider time)
{
    // By configured names: as many as there are cloud models.
    private readonly ConcurrentDictionary<string, PoolPacer> _pools = new(StringComparer.Ordinal);

    /// <param name="model">A cloud model's name as configured.</param>
    public PoolPacer Pool(string model) => _pools.TryGetValue(model, out var pool) ? pool : _pools.GetOrAdd(model, name => new PoolPacer(name, replicas, time));

    /// <summary>For metrics: all pools that were asked for a cutoff since they last looked at their quota.</summary>
    public IReadOnlyList<PacingReading> Read() => [.. _pools.Values.Select(p => p.Read()).OfType<PacingReading>().OrderBy(r => r.Pool, StringComparer.Ordinal)];
}
