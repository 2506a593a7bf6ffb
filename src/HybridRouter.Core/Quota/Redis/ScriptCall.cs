using System.Buffers.Binary;
using System.Runtime.InteropServices;
using StackExchange.Redis;

namespace HybridRouter.Quota.Redis;

/// <summary>
/// Keys and arguments of one call: each meter once, with its rule, and numbered from 1 for what follows. All numbers travel
/// in one argument of doubles, as a hundred arguments cost more than the decision itself.
/// </summary>
internal sealed class ScriptCall(StoreKeys names, params ReadOnlySpan<RedisKey> fixedKeys)
{
    private readonly List<RedisKey> _keys = [.. fixedKeys];
    private readonly List<double> _rules = [];
    private readonly List<double> _numbers = [];
    private readonly List<RedisValue> _texts = [];
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);

    /// <summary>In the order of their numbers.</summary>
    public List<Meter> Meters { get; } = [];

    public RedisKey[] Keys => [.. _keys];

    public void Add(double number) => _numbers.Add(number);

    public void Add(Meter meter) => _numbers.Add(Use(meter));

    public void Add(string text) => _texts.Add(text);

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
        _rules.Add(meter.Kind == MeterKind.Bucket ? meter.Limit / meter.Period.TotalMicroseconds : 0);
        return index;
    }

    /// <summary>The time, the lease time, the numbers (how many meters, their rules, then what was added), the texts.</summary>
    public RedisValue[] Arguments(RedisValue now, TimeSpan lease)
    {
        var numbers = new byte[sizeof(double) * (1 + _rules.Count + _numbers.Count)];
        var rest = Write(numbers, [_indexes.Count]);
        rest = Write(rest, CollectionsMarshal.AsSpan(_rules));
        Write(rest, CollectionsMarshal.AsSpan(_numbers));
        return [now, (long)lease.TotalMicroseconds, numbers, .. _texts];
    }

    private static Span<byte> Write(Span<byte> into, ReadOnlySpan<double> numbers)
    {
        foreach (var number in numbers)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(into, number);
            into = into[sizeof(double)..];
        }
        return into;
    }
}
