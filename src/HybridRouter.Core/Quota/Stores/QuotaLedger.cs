using System.Runtime.InteropServices;

namespace HybridRouter.Quota.Stores;

/// <summary>The counts, and the decisions about them. Knows no clock, no lock and no disk. Guarded by the store's lock.</summary>
/// <param name="journal">Told of each change; null where nothing is kept.</param>
internal sealed class QuotaLedger(MeterTable meters, QuotaJournal? journal)
{
    private readonly OptionPicker _picker = new();
    private MeterState[] _common = new MeterState[8];
    private long _lastNumber;

    /// <summary>Leases that are neither settled nor expired.</summary>
    public OpenLeases Open { get; } = new();

    public MeterTable Meters => meters;

    /// <summary>Leases get higher numbers than this.</summary>
    public void NumberFrom(long number) => _lastNumber = number;

    public QuotaVerdict Reserve(QuotaClaim claim, in Moment now)
    {
        var common = Span(claim.Common);
        var states = Find(common, ref _common, now);
        if (!Fits(common, states, now))
            return Refuse(QuotaRefusal.Common, Refusal.Of(common, states, now), []);
        if (claim.Options.Count == 0)
            return new QuotaVerdict { Refusal = QuotaRefusal.None, Common = Take(claim.Common, common, states, now) };
        _picker.Load(claim.Options, this, now);
        var index = _picker.Pick(claim, now);
        if (index < 0)
            return Refuse(QuotaRefusal.Options, _picker.Soonest(now), _picker.ReadAll(now));
        var charges = _picker.Charges(index);
        var option = Take(claim.Options[index], charges, _picker.States(index), now);
        return new QuotaVerdict
        {
            Refusal = QuotaRefusal.None,
            Common = Take(claim.Common, common, states, now),
            Option = option,
            OptionIndex = index,
            OptionReadings = option is null ? [] : [option.After],
        };
    }

    /// <param name="used">Null: all is given back.</param>
    public void Settle(HeldLease lease, IReadOnlyList<long>? used, in Moment now)
    {
        for (var i = 0; i < lease.Holds.Length; i++)
        {
            var hold = lease.Holds[i];
            hold.State.Holds--;
            if (hold.State.Settle(hold.Epoch, hold.Amount, used is null ? 0 : Math.Max(0, used[i]), now))
                journal?.Changed(hold.State);
        }
        Open.Remove(lease);
        journal?.Closed(lease);
    }

    public void Correct(HeldLease lease, UpstreamStatement statement, in Moment now)
    {
        var hold = lease.Holds[statement.ChargeIndex];
        // Forgotten means that it was settled and back at its start long ago: an answer that late tells nothing.
        if (hold.State.Index < 0)
            return;
        var takenSince = hold.State.Taken - lease.After[statement.ChargeIndex].Taken;
        if (hold.State.Correct(hold.Epoch, statement.Remaining, takenSince, now.Elapsed - lease.Elapsed, statement.MayRaise, now))
            journal?.Changed(hold.State);
    }

    /// <param name="duration">Null: it opens.</param>
    public void Move(Meter gate, TimeSpan? duration, in Moment now)
    {
        var state = Use(gate, now);
        if (duration is { } time)
            state.Close(time, now);
        else
            state.Open();
        journal?.Changed(state);
    }

    public MeterReading[] Read(IReadOnlyList<Meter> wanted, in Moment now)
    {
        var readings = new MeterReading[wanted.Count];
        for (var i = 0; i < readings.Length; i++)
            readings[i] = Use(wanted[i], now).Read(now);
        return readings;
    }

    /// <summary>The meter's count at this moment, under this rule.</summary>
    public MeterState Use(Meter meter, in Moment now)
    {
        var state = meters.Find(meter.Id);
        // Time is let pass by the rule, after a restart too.
        if (state.Use(meter, now))
            journal?.Changed(state);
        return state;
    }

    /// <summary>An array or list as it is; anything else is copied once.</summary>
    internal static ReadOnlySpan<Charge> Span(IReadOnlyList<Charge> charges) => charges switch
    {
        Charge[] array => array,
        List<Charge> list => CollectionsMarshal.AsSpan(list),
        _ => charges.ToArray(),
    };

    private Span<MeterState> Find(ReadOnlySpan<Charge> charges, ref MeterState[] into, in Moment now)
    {
        if (into.Length < charges.Length)
            into = new MeterState[charges.Length * 2];
        for (var i = 0; i < charges.Length; i++)
            into[i] = Use(charges[i].Meter, now);
        return into.AsSpan(0, charges.Length);
    }

    internal static bool Fits(ReadOnlySpan<Charge> charges, ReadOnlySpan<MeterState> states, in Moment now)
    {
        for (var i = 0; i < charges.Length; i++)
        {
            if (!states[i].Fits(charges[i].Amount, now))
                return false;
        }
        return true;
    }

    private HeldLease? Take(IReadOnlyList<Charge> source, ReadOnlySpan<Charge> charges, ReadOnlySpan<MeterState> states, in Moment now)
    {
        if (charges.IsEmpty)
            return null;
        var (after, holds) = (new MeterReading[charges.Length], new Hold[charges.Length]);
        for (var i = 0; i < charges.Length; i++)
        {
            var state = states[i];
            state.Take(charges[i].Amount);
            state.Holds++;
            after[i] = state.Read(now);
            holds[i] = new Hold(state, charges[i].Amount, state.Epoch);
            if (charges[i].Amount != 0)
                journal?.Changed(state);
        }
        var lease = new HeldLease(++_lastNumber, source, after, holds, now);
        Open.Add(lease);
        journal?.Opened(lease);
        return lease;
    }

    private static QuotaVerdict Refuse(QuotaRefusal refusal, Refusal why, IReadOnlyList<MeterReading>[] readings) =>
        new() { Refusal = refusal, RefusedBy = why.Meter, Wait = why.Wait, OptionReadings = readings };
}

/// <summary>Which meter refuses longest, and how long; null = for ever.</summary>
internal readonly record struct Refusal(Meter? Meter, TimeSpan? Wait)
{
    public static Refusal Of(ReadOnlySpan<Charge> charges, ReadOnlySpan<MeterState> states, in Moment now)
    {
        var worst = new Refusal(null, TimeSpan.Zero);
        for (var i = 0; i < charges.Length && worst.Wait is not null; i++)
        {
            var wait = states[i].WaitFor(charges[i].Amount, now);
            if (wait is null || wait > worst.Wait)
                worst = new Refusal(charges[i].Meter, wait);
        }
        return worst;
    }

    public bool FreesBefore(Refusal other) => Wait is { } wait && !(other.Wait <= wait);
}
