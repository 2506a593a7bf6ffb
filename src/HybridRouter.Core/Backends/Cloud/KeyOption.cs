using HybridRouter.Quota;

namespace HybridRouter.Backends.Cloud;

/// <summary>The charges of a request at one key, each beside the meter it came from.</summary>
/// <param name="generation">Of the key's ramp when this was made.</param>
/// <param name="closings">Of the key when this was made.</param>
internal sealed class KeyOption(KeyModel key, int generation, int closings)
{
    private readonly List<Charge> _charges = new(10);
    private readonly List<TrackedMeter> _meters = new(10);
    private double[] _refunded = [];
    private bool _announced;

    public KeyModel Key => key;

    public int Generation => generation;

    public int Closings => closings;

    public IReadOnlyList<Charge> Charges => _charges;

    public IReadOnlyList<TrackedMeter> Meters => _meters;

    public void Add(TrackedMeter meter, long amount) => Add(meter, meter.Meter!, amount);

    public void Add(TrackedMeter meter, Meter rule, long amount)
    {
        _charges.Add(new Charge(rule, amount));
        _meters.Add(meter);
    }

    public int IndexOf(TrackedMeter meter) => _meters.IndexOf(meter);

    /// <summary>Before it is asked for, so that whoever is granted later knows of it.</summary>
    public void Announce()
    {
        (_announced, _refunded) = (true, new double[_meters.Count]);
        for (var i = 0; i < _refunded.Length; i++)
        {
            if (_meters[i] is UpstreamLimit)
                _refunded[i] = _meters[i].Announce(_charges[i].Amount);
        }
    }

    /// <summary>It was not granted, or its upstream was heard. Once only.</summary>
    public void Withdraw()
    {
        if (!Interlocked.Exchange(ref _announced, false))
            return;
        for (var i = 0; i < _meters.Count; i++)
        {
            if (_meters[i] is UpstreamLimit)
                _meters[i].Heard(_charges[i].Amount);
        }
    }

    /// <summary>What was given back to a meter before this was asked for.</summary>
    public double RefundedBefore(int index) => _refunded[index];

    /// <param name="readings">In the order of the charges.</param>
    public void Saw(IReadOnlyList<MeterReading> readings, TimeSpan now)
    {
        for (var i = 0; i < _meters.Count && i < readings.Count; i++)
            _meters[i].Saw(readings[i], now);
    }
}
