using StackExchange.Redis;

namespace HybridRouter.Quota.Redis;

/// <summary>Keys and arguments of one call: each meter once, with its rule, and numbered from 1 for the arguments that follow.</summary>
internal sealed class ScriptCall(StoreKeys names, params ReadOnlySpan<RedisKey> fixedKeys)
{
    private readonly List<RedisKey> _keys = [.. fixedKeys];
    private readonly List<RedisValue> _head = [];
    private readonly List<RedisValue> _rules = [];
    private readonly List<RedisValue> _rest = [];
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);

    /// <summary>In the order of their numbers.</summary>
    public List<Meter> Meters { get; } = [];

    public RedisKey[] Keys => [.. _keys];

    /// <summary>An argument before the rules.</summary>
    public void Head(RedisValue value) => _head.Add(value);

    /// <summary>An argument after the rules.</summary>
    public void Add(RedisValue value) => _rest.Add(value);

    /// <summary>A meter as an argument after the rules.</summary>
    public void Add(Meter meter) => _rest.Add(Use(meter));

    /// <summary>Number of a meter.</summary>
    public int Use(Meter meter)
    {
        var key = names.Meter(meter);
        if (_indexes.TryGetValue(key, out var index))
            return index;
        _indexes.Add(key, index = _indexes.Count + 1);
        _keys.Add(key);
        Meters.Add(meter);
        _rules.Add(meter.Kind == MeterKind.Bucket ? meter.Capacity : meter.Limit);
        _rules.Add(meter.Kind == MeterKind.Bucket ? meter.Limit / meter.Period.TotalMicroseconds : 0.0);
        return index;
    }

    public RedisValue[] Arguments(bool countMeters = false)
    {
        ReadOnlySpan<RedisValue> count = countMeters ? [_indexes.Count] : [];
        return [.. _head, .. count, .. _rules, .. _rest];
    }
}
