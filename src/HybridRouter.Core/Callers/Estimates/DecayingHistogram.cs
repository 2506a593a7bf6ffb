namespace HybridRouter.Callers.Estimates;

/// <summary>
/// A high quantile of what was seen lately, over buckets whose bounds grow by a fixed factor. Old values fade: when the
/// weight of all reaches a limit, all of it is halved. Thread-safe; reading is one load.
/// </summary>
internal sealed class DecayingHistogram
{
    private const double Quantile = 0.95;
    private const double MaxWeight = 512;

    /// <summary>What the start value counts: it no longer moves the quantile after about twenty times as many values.</summary>
    private const double StartWeight = 5;

    private readonly Lock _gate = new();
    private readonly double _least;
    private readonly double _logFactor;
    private readonly double[] _weights;
    private double _total;
    private double _value;

    /// <param name="least">Upper bound of the first bucket, above 0; smaller values count as this.</param>
    /// <param name="most">Larger values count as this.</param>
    /// <param name="factor">Between the bounds of neighbouring buckets, above 1: the relative error of the quantile.</param>
    public DecayingHistogram(double least, double most, double factor, double start)
    {
        (_least, _logFactor) = (least, Math.Log(factor));
        _weights = new double[(int)Math.Ceiling(Math.Log(most / least) / _logFactor) + 1];
        Add(start, StartWeight);
        _value = start;
    }

    /// <summary>Upper bound of the bucket that holds the 95th percentile.</summary>
    public double Value => Volatile.Read(ref _value);

    public void Add(double value)
    {
        lock (_gate)
        {
            Add(value, 1);
            Volatile.Write(ref _value, Find());
        }
    }

    private void Add(double value, double weight)
    {
        var bucket = value <= _least ? 0 : (int)Math.Ceiling((Math.Log(value / _least) / _logFactor) - 1e-9);
        _weights[Math.Min(bucket, _weights.Length - 1)] += weight;
        _total += weight;
        if (_total < MaxWeight)
            return;
        _total = 0;
        for (var i = 0; i < _weights.Length; i++)
            _total += _weights[i] *= 0.5;
    }

    private double Find()
    {
        var above = 0.0;
        for (var i = _weights.Length - 1; i > 0; i--)
        {
            above += _weights[i];
            if (above > (1 - Quantile) * _total)
                return Bound(i);
        }
        return Bound(0);
    }

    private double Bound(int bucket) => _least * Math.Exp(bucket * _logFactor);
}
