namespace HybridRouter.Quota.Stores;

/// <summary>Weighs the options of one claim. Its arrays are kept from claim to claim. Guarded by the store's lock.</summary>
internal sealed class OptionPicker
{
    /// <summary>Shares this close count as equal.</summary>
    private const double Tie = 0.001;

    private IReadOnlyList<IReadOnlyList<Charge>> _options = [];
    private MeterState[] _states = new MeterState[64];
    private int[] _starts = new int[16];
    private double[] _rooms = new double[16];

    public void Load(IReadOnlyList<IReadOnlyList<Charge>> options, QuotaLedger ledger, in Moment now)
    {
        _options = options;
        if (_starts.Length <= options.Count)
            (_starts, _rooms) = (new int[options.Count * 2], new double[options.Count * 2]);
        var next = 0;
        for (var i = 0; i < options.Count; i++)
        {
            _starts[i] = next;
            foreach (var charge in QuotaLedger.Span(options[i]))
            {
                if (next == _states.Length)
                    Array.Resize(ref _states, next * 2);
                _states[next++] = ledger.Use(charge.Meter, now);
            }
        }
        _starts[options.Count] = next;
    }

    public ReadOnlySpan<Charge> Charges(int option) => QuotaLedger.Span(_options[option]);

    public ReadOnlySpan<MeterState> States(int option) => _states.AsSpan(_starts[option].._starts[option + 1]);

    /// <returns>-1: none fits.</returns>
    public int Pick(QuotaClaim claim, in Moment now)
    {
        if ((uint)claim.Preferred < (uint)_options.Count && Fits(claim.Preferred, now))
            return claim.Preferred;
        var best = double.NegativeInfinity;
        for (var i = 0; i < _options.Count; i++)
        {
            if (!Fits(i, now))
            {
                _rooms[i] = double.NegativeInfinity;
                continue;
            }
            if (claim.Pick == QuotaPick.First)
                return i;
            _rooms[i] = Room(i);
            best = Math.Max(best, _rooms[i]);
        }
        return best == double.NegativeInfinity ? -1 : FewestSlots(best - Tie);
    }

    /// <summary>Of the option that frees first, its meter that frees last.</summary>
    public Refusal Soonest(in Moment now)
    {
        var soonest = Refusal.Of(Charges(0), States(0), now);
        for (var i = 1; i < _options.Count; i++)
        {
            var refusal = Refusal.Of(Charges(i), States(i), now);
            if (refusal.FreesBefore(soonest))
                soonest = refusal;
        }
        return soonest;
    }

    public IReadOnlyList<MeterReading>[] ReadAll(in Moment now)
    {
        var all = new IReadOnlyList<MeterReading>[_options.Count];
        for (var i = 0; i < all.Length; i++)
        {
            var states = States(i);
            var readings = new MeterReading[states.Length];
            for (var j = 0; j < readings.Length; j++)
                readings[j] = states[j].Read(now);
            all[i] = readings;
        }
        return all;
    }

    private bool Fits(int option, in Moment now) => QuotaLedger.Fits(Charges(option), States(option), now);

    /// <summary>The smallest share that a meter of the option has left after this request.</summary>
    private double Room(int option)
    {
        var charges = Charges(option);
        var states = States(option);
        var room = 1.0;
        for (var i = 0; i < states.Length; i++)
            room = Math.Min(room, states[i].Headroom(charges[i].Amount));
        return room;
    }

    private int FewestSlots(double enough)
    {
        var (best, fewest) = (-1, double.PositiveInfinity);
        for (var i = 0; i < _options.Count; i++)
        {
            if (_rooms[i] < enough)
                continue;
            var charges = Charges(i);
            var states = States(i);
            var slots = 0.0;
            for (var j = 0; j < states.Length; j++)
                slots += charges[j].Meter.Kind == MeterKind.Concurrency ? states[j].Used : 0;
            if (slots < fewest)
                (best, fewest) = (i, slots);
        }
        return best;
    }
}
