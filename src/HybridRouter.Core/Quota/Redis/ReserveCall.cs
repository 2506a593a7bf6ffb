using StackExchange.Redis;

namespace HybridRouter.Quota.Redis;

/// <summary>Asks for one claim, and reads the verdict.</summary>
internal sealed class ReserveCall
{
    private readonly QuotaClaim _claim;
    private readonly string _id;
    private readonly IReadOnlyList<Meter> _meters;

    /// <param name="id">Of the leases to come; a letter is added for each.</param>
    /// <exception cref="ArgumentOutOfRangeException">A negative amount, which would give instead of take.</exception>
    public ReserveCall(QuotaClaim claim, string id, StoreKeys keys, RedisValue now, TimeSpan lease)
    {
        (_claim, _id) = (claim, id);
        var call = new ScriptCall(keys, keys.Leases, keys.Expiry);
        call.Add(id);
        call.Add((uint)claim.Preferred < (uint)claim.Options.Count ? claim.Preferred + 1 : 0);
        call.Add(claim.Pick == QuotaPick.First ? 1 : 0);
        Add(call, claim.Common, keys);
        call.Add(claim.Options.Count);
        foreach (var option in claim.Options)
            Add(call, option, keys);
        (Keys, Arguments, _meters) = (call.Keys, call.Arguments(now, lease), call.Meters);
    }

    public RedisKey[] Keys { get; }

    public RedisValue[] Arguments { get; }

    /// <param name="readings">Filled with each reading that the answer brings.</param>
    /// <exception cref="StoreAwayException">The reply is none of this script.</exception>
    public QuotaVerdict Read(ReadOnlySpan<byte> reply, LastReadings readings, out double now)
    {
        var reader = new ReplyReader(reply);
        var (code, option, meter, wait) = (reader.Number(), (int)reader.Number() - 1, (int)reader.Number(), reader.Number());
        now = reader.Number();
        if (code != 0)
        {
            return new QuotaVerdict
            {
                Refusal = code == 1 ? QuotaRefusal.Common : QuotaRefusal.Options,
                RefusedBy = _meters[meter - 1],
                Wait = wait < 0 ? null : StoreTime.Span(wait),
                OptionReadings = code == 1 ? [] : ReadAll(ref reader, readings, now),
            };
        }
        var common = Lease(_claim.Common, "c", ref reader, readings, now);
        var taken = option < 0 ? null : Lease(_claim.Options[option], "o", ref reader, readings, now);
        return new QuotaVerdict
        {
            Refusal = QuotaRefusal.None,
            Common = common,
            Option = taken,
            OptionIndex = option,
            OptionReadings = taken is null ? [] : [taken.After],
        };
    }

    private static void Add(ScriptCall call, IReadOnlyList<Charge> charges, StoreKeys keys)
    {
        call.Add(keys.Record(charges));
        call.Add(charges.Count);
        for (var i = 0; i < charges.Count; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(charges[i].Amount);
            call.Add(charges[i].Meter);
            call.Add(charges[i].Amount);
        }
    }

    private static MeterReading[] Readings(IReadOnlyList<Charge> charges, ref ReplyReader reader, LastReadings readings, double now)
    {
        var after = new MeterReading[charges.Count];
        for (var i = 0; i < after.Length; i++)
            readings.Remember(charges[i].Meter, after[i] = reader.Reading(charges[i].Meter, now));
        return after;
    }

    private QuotaLease? Lease(IReadOnlyList<Charge> charges, string suffix, ref ReplyReader reader, LastReadings readings, double now) =>
        charges.Count == 0 ? null : new QuotaLease(_id + suffix, charges, Readings(charges, ref reader, readings, now), (long)(now / 1000));

    private MeterReading[][] ReadAll(ref ReplyReader reader, LastReadings readings, double now)
    {
        var all = new MeterReading[_claim.Options.Count][];
        for (var i = 0; i < all.Length; i++)
            all[i] = Readings(_claim.Options[i], ref reader, readings, now);
        return all;
    }
}
