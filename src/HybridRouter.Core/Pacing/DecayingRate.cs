namespace HybridRouter.Pacing;

/// <summary>An amount per second, of which older parts count less and less: by a factor e for each time constant.</summary>
/// <param name="seconds">Time constant.</param>
internal struct DecayingRate(double seconds)
{
    /// <summary>As if nothing had come in this time before the first: one early request is not yet a flood.</summary>
    private const double QuietBefore = 5;

    private double _sum;

    // The time that the sum stands for; it grows to the time constant.
    private double _span = QuietBefore;

    public readonly double PerSecond => _sum / _span;

    public void Add(double amount) => _sum += amount;

    public void Pass(double elapsed)
    {
        var kept = Math.Exp(-elapsed / seconds);
        _sum *= kept;
        _span = (_span * kept) + (seconds * (1 - kept));
    }
}
