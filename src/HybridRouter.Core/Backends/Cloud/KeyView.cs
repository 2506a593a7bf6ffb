using HybridRouter.Quota;

namespace HybridRouter.Backends.Cloud;

/// <summary>Puts together what an operator sees of a key.</summary>
internal static class KeyView
{
    public static KeySnapshot Of(string provider, UpstreamKey key, IEnumerable<KeyPool> pools)
    {
        var models = new List<KeyModelSnapshot>();
        var (state, closedFor) = (KeyState.Ready, TimeSpan.Zero);
        foreach (var pool in pools)
        {
            var now = pool.Now;
            (state, closedFor) = StateOf(key, now);
            foreach (var at in pool.Keys.Where(k => ReferenceEquals(k.Key, key)))
                models.Add(Of(at, pool, now));
        }
        return new KeySnapshot(provider, key.Name, key.Project, state, closedFor, models);
    }

    /// <summary>All gates that can keep a key from a request.</summary>
    public static IEnumerable<TrackedMeter> Gates(UpstreamKey key, IEnumerable<KeyPool> pools) =>
        [key.Credentials, key.Spent, .. pools.SelectMany(p => p.Keys).Where(k => ReferenceEquals(k.Key, key)).Select(k => k.Cooldown)];

    private static KeyModelSnapshot Of(KeyModel at, KeyPool pool, TimeSpan now)
    {
        var cooling = at.Cooldown.ClosedFor(now);
        var (state, _) = StateOf(at.Key, now);
        if (state is KeyState.Ready or KeyState.OnProbation && cooling > TimeSpan.Zero)
            state = KeyState.Cooling;
        IEnumerable<TrackedMeter> limits = at.Spend is null ? at.Limits : [.. at.Limits, at.Spend];
        var meters = limits.Where(l => l.Meter is not null).Select(l => new MeterSnapshot(l.Meter!, l.Read(now)!.Value)).ToList();
        var inFlight = at.InFlight.Meter!.Limit - (long)at.InFlight.Read(now)!.Value.Remaining;
        return new KeyModelSnapshot(pool.UpstreamModel, state, cooling, inFlight, at.Ramp.State.Window, meters);
    }

    private static (KeyState, TimeSpan) StateOf(UpstreamKey key, TimeSpan now) => key.OutBy(now) switch
    {
        { } gate => (ReferenceEquals(gate, key.Credentials) ? KeyState.Refused : KeyState.Spent, gate.ClosedFor(now)),
        _ => (key.OnProbation ? KeyState.OnProbation : KeyState.Ready, TimeSpan.Zero),
    };
}
