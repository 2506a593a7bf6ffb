using HybridRouter.Configuration;

namespace HybridRouter.Backends.Cloud;

/// <summary>In which order keys are offered to the store, which takes the first that fits or the one with most headroom. Thread-safe.</summary>
internal sealed class KeyOrder(KeyStrategy strategy, IReadOnlyList<KeyModel> keys)
{
    private readonly Lock _gate = new();
    private readonly long[] _credit = new long[keys.Count];
    private readonly long _weights = keys.Sum(k => (long)k.Key.Weight);
    private int _next;

    /// <param name="inTurn">True: whatever the strategy, in turn.</param>
    public KeyModel[] Offer(TimeSpan now, bool inTurn = false)
    {
        lock (_gate)
        {
            var turn = Enumerable.Range(0, keys.Count).Select(i => (_next + i) % keys.Count);
            return (inTurn ? KeyStrategy.RoundRobin : strategy) switch
            {
                // Smooth weighted round-robin, as nginx has it: the largest credit is served, and pays for it.
                KeyStrategy.Weighted => [.. turn.OrderByDescending(i => _credit[i] + keys[i].Key.Weight).Select(i => keys[i])],
                KeyStrategy.SoonestReset => [.. turn.OrderBy(i => keys[i].LossIn(now) ?? TimeSpan.MaxValue).Select(i => keys[i])],
                _ => [.. turn.Select(i => keys[i])],
            };
        }
    }

    public void Took(KeyModel key)
    {
        lock (_gate)
        {
            for (var i = 0; i < keys.Count; i++)
            {
                if (!ReferenceEquals(keys[i], key))
                {
                    // What a key without room missed is not made up for later in one go.
                    _credit[i] = Math.Min(_weights, _credit[i] + keys[i].Key.Weight);
                    continue;
                }
                _credit[i] = Math.Max(-_weights, _credit[i] + keys[i].Key.Weight - _weights);
                _next = (i + 1) % keys.Count;
            }
        }
    }
}
