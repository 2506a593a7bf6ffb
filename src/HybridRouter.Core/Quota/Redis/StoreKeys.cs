using System.Globalization;
using System.Runtime.CompilerServices;
using StackExchange.Redis;

namespace HybridRouter.Quota.Redis;

/// <summary>
/// Names of the keys. All carry one hash tag, as a script may only touch keys of one slot: in a cluster one shard carries
/// the whole quota state, and more shards make it no faster (docs/replicas.md).
/// </summary>
internal sealed class StoreKeys(string name, string process)
{
    private readonly string _meters = $"{{{name}}}:m:";

    /// <summary>Hash: what each open lease holds.</summary>
    public RedisKey Leases { get; } = $"{{{name}}}:leases";

    /// <summary>Sorted set: when each open lease expires.</summary>
    public RedisKey Expiry { get; } = $"{{{name}}}:expiry";

    /// <summary>Sorted set: until when each process counts as alive.</summary>
    public RedisKey Replicas { get; } = $"{{{name}}}:replicas";

    /// <summary>Number of the last batch that was applied for this process.</summary>
    public RedisKey Sequence { get; } = $"{{{name}}}:seq:{process}";

    public RedisKey Probe(string part) => $"{{{name}}}:probe:{process}:{part}";

    /// <summary>What is counted in another way or unit is another count, as in every store.</summary>
    public string Meter(Meter meter) => string.Concat(_meters, Prefix(meter), meter.Id);

    /// <summary>What a lease remembers of its charges, for whoever must release it: " key amount" of each, the key without what all have in common.</summary>
    public string Record(IReadOnlyList<Charge> charges)
    {
        var record = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[512]);
        for (var i = 0; i < charges.Count; i++)
        {
            if (charges[i].Amount == 0)
                continue;
            record.AppendFormatted(' ');
            record.AppendLiteral(Prefix(charges[i].Meter));
            record.AppendLiteral(charges[i].Meter.Id);
            record.AppendFormatted(' ');
            record.AppendFormatted(charges[i].Amount);
        }
        return record.ToStringAndClear();
    }

    private static string Prefix(Meter meter) => (Kind(meter), meter.Unit) switch
    {
        ('b', MeterUnit.Requests) => "br:",
        ('b', MeterUnit.Tokens) => "bt:",
        ('b', MeterUnit.MicroDollars) => "bm:",
        ('c', MeterUnit.Slots) => "cs:",
        ('g', MeterUnit.Requests) => "gr:",
        var (kind, unit) => $"{kind}{"rtms"[(int)unit]}:",
    };

    private static char Kind(Meter meter) => meter.Kind switch
    {
        MeterKind.Bucket => 'b',
        MeterKind.Window => meter.Window == WindowPeriod.Day ? 'd' : 'm',
        MeterKind.Concurrency => 'c',
        _ => 'g',
    };
}
