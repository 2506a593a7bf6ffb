namespace HybridRouter.Simulator.Limits;

/// <summary>
/// An amount that is refilled continuously. Not thread-safe: the ledger's lock guards it. May go below zero when a
/// settled request used more than was estimated; new requests then wait until the debt is paid.
/// </summary>
internal sealed class RateBucket
{
    // Refills add fractions; without this an amount that is whole on paper can miss by one bit.
    private const double Slack = 1e-6;

    private readonly TimeProvider _time;
    private readonly double _capacity;
    private readonly double _perSecond;
    private double _level;
    private long _stamp;

    /// <param name="limit">Amount for each <paramref name="period"/>.</param>
    /// <param name="burst">Share of the limit that can be used at once, more than 0, at most 1.</param>
    public RateBucket(long limit, TimeSpan period, double burst, TimeProvider time)
    {
        Limit = limit;
        _time = time;
        _capacity = Math.Max(1, limit * burst);
        _perSecond = limit / period.TotalSeconds;
        _level = _capacity;
        _stamp = time.GetTimestamp();
    }

    public long Limit { get; }

    public long Remaining => (long)Math.Max(0, Math.Floor(Level() + Slack));

    /// <summary>Time until the bucket is full again.</summary>
    public TimeSpan Reset => TimeSpan.FromSeconds((_capacity - Level()) / _perSecond);

    public bool Covers(double amount) => Level() + Slack >= amount;

    public bool CanEverCover(double amount) => _capacity + Slack >= amount;

    /// <summary>Time until <see cref="Covers"/> is true if nothing else is taken; zero when it is already.</summary>
    public TimeSpan WaitFor(double amount) => TimeSpan.FromSeconds(Math.Max(0, (amount - Level()) / _perSecond));

    public void Take(double amount) => _level = Level() - amount;

    public void GiveBack(double amount) => _level = Math.Min(_capacity, Level() + amount);

    private double Level()
    {
        var now = _time.GetTimestamp();
        if (now != _stamp)
        {
            _level = Math.Min(_capacity, _level + _time.GetElapsedTime(_stamp, now).TotalSeconds * _perSecond);
            _stamp = now;
        }
        return _level;
    }
}
