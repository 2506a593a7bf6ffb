using HybridRouter.Quota;

namespace HybridRouter.Pacing;

/// <summary>
/// The demand of one pool, as seen lately. How many requests come changes fast and is measured over half a minute; what
/// they are like changes slowly and is measured over ten minutes. Not thread-safe.
/// </summary>
internal sealed class Demand
{
    /// <summary>Time constant of what requests are like: how complex, how large.</summary>
    public const double ShapeSeconds = 600;

    /// <summary>Time constant of how many come: fast enough to see a burst, too slow for the next few requests to shake it.</summary>
    public const double RateSeconds = 30;

    /// <summary>The same for limits of a day or a month, which do not care about minutes.</summary>
    public const double LongRateSeconds = 3600;

    /// <summary>Bins per unit of price.</summary>
    public const int Resolution = 256;

    /// <summary>The highest price: that of a score of 1 at the smallest size, see <see cref="RelativeSize"/>.</summary>
    public const double HighestPrice = 2;

    private const int Bins = (int)(HighestPrice * Resolution);

    // By the price up to which they go to the cloud: what requests would take in each unit. Requests have their score as price.
    private readonly double[][] _amounts = [new double[Bins], new double[Bins], new double[Bins]];
    private readonly double[] _totals = new double[PacedUnit.Count];
    private readonly DecayingRate[] _anyway = [new(RateSeconds), new(RateSeconds), new(RateSeconds)];
    private DecayingRate _rate = new(RateSeconds);
    private DecayingRate _longRate = new(LongRateSeconds);
    private double _count;
    private double _anywayCount;

    /// <summary>Requests that the shape is made of, older ones counting less.</summary>
    public double Count => _count;

    /// <summary>Mean of what a request takes where triage decides; 0 when none was seen.</summary>
    public double Usual(MeterUnit unit) => _count > 0 ? _totals[(int)unit] / _count : 0;

    /// <summary>Requests per second where triage decides.</summary>
    public double PerSecond(bool overLong) => overLong ? _longRate.PerSecond : _rate.PerSecond;

    /// <summary>What goes to the cloud each second whatever the cutoff is.</summary>
    public double Anyway(MeterUnit unit) => _anyway[(int)unit].PerSecond;

    /// <summary>A request where triage decides.</summary>
    /// <param name="blur">Added to the price, -0.5..0.5 of a bin; the same as in the decision.</param>
    public void Add(float score, in ExpectedUse use, in RelativeSize size, in PacingRule rule, double blur)
    {
        _rate.Add(1);
        _longRate.Add(1);
        _count++;
        for (var i = 0; i < PacedUnit.Count; i++)
        {
            var amount = use.Of((MeterUnit)i);
            _totals[i] += amount;
            _amounts[i][Bin(score, size.Of((MeterUnit)i), rule, (MeterUnit)i, blur)] += amount;
        }
    }

    /// <summary>A request that goes to the cloud whatever the cutoff is.</summary>
    public void AddAnyway(in ExpectedUse use)
    {
        for (var i = 0; i < PacedUnit.Count; i++)
            _anyway[i].Add(use.Of((MeterUnit)i));
        _anywayCount++;
    }

    public void Pass(double elapsed)
    {
        var kept = Math.Exp(-elapsed / ShapeSeconds);
        for (var i = 0; i < PacedUnit.Count; i++)
        {
            foreach (ref var amount in _amounts[i].AsSpan())
                amount *= kept;
            _totals[i] *= kept;
            _anyway[i].Pass(elapsed);
        }
        _count *= kept;
        _anywayCount *= kept;
        _rate.Pass(elapsed);
        _longRate.Pass(elapsed);
    }

    /// <summary>The lowest price at which no more than <paramref name="budget"/> is asked for per second; 0 = all that come fit.</summary>
    public double PriceFor(MeterUnit unit, double budget, double perSecond)
    {
        if (budget <= 0)
            return HighestPrice;
        if (perSecond <= 0 || _count <= 0)
            return 0;
        // Within a bin, requests are spread evenly (see PoolPacer.Cutoff), so that part of one can be let through.
        var left = budget / perSecond * _count;
        var amounts = _amounts[(int)unit];
        for (var i = Bins - 1; i > 0; i--)
        {
            if (amounts[i] > left)
                return (i + 1 - (left / amounts[i])) / Resolution;
            left -= amounts[i];
        }
        return 0;
    }

    /// <summary>The lowest cutoff at which the cloud gets no more than this share of the requests that the router decides about or must send there.</summary>
    public double CutoffForShare(double share)
    {
        var left = (share * (_count + _anywayCount)) - _anywayCount;
        if (left <= 0)
            return 1;
        var counts = _amounts[(int)MeterUnit.Requests];
        for (var i = Resolution - 1; i >= 0; i--)
        {
            if (counts[i] > left)
                return (i + 1 - (left / counts[i])) / Resolution;
            left -= counts[i];
        }
        return 0;
    }

    /// <summary>
    /// The highest cutoff at which the expected share of good answers is still this: a score is the chance that the local model
    /// fails, the cloud is taken to succeed. 0 = even everything in the cloud is not enough, or just.
    /// </summary>
    public double CutoffForQuality(double quality)
    {
        // What may be lost by answering locally, in answers; requests with the lowest scores are the cheapest to keep.
        var left = (1 - quality) * (_count + _anywayCount);
        var counts = _amounts[(int)MeterUnit.Requests];
        for (var i = 0; i < Resolution; i++)
        {
            var lost = counts[i] * (i + 0.5) / Resolution;
            if (lost > left)
                return (i + (left / lost)) / Resolution;
            left -= lost;
        }
        return 1;
    }

    private static int Bin(float score, double size, in PacingRule rule, MeterUnit unit, double blur)
    {
        // Requests are counted by score alone, where size has no say, and below the lowest cutoff too, as targets ask for them.
        if (unit == MeterUnit.Requests)
            return Math.Clamp((int)((score * Resolution) + blur), 0, Resolution - 1);
        if (score < rule.Lowest)
            return 0;
        return score >= rule.Highest ? Bins - 1 : Math.Clamp((int)((score / size * Resolution) + blur), 1, Bins - 1);
    }
}
