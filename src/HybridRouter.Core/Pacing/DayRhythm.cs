namespace HybridRouter.Pacing;

/// <summary>
/// At which hours of the day (UTC) there is demand, learned from the days before. A daily limit is for the working day, not
/// for the night after it: without this, a team that works eight hours would leave half of it unused. Not thread-safe.
/// </summary>
internal sealed class DayRhythm
{
    private const int Hours = 24;

    /// <summary>Weight of the newest day.</summary>
    private const double Newest = 0.3;

    /// <summary>Part that is spread evenly over the day: no hour is taken to be without any demand.</summary>
    private const double Even = 0.05;

    private readonly double?[] _perSecond = new double?[Hours];
    private DateTimeOffset _since;
    private double _sum;

    /// <summary>Takes note of demand, in any unit.</summary>
    public void Add(double amount) => _sum += amount;

    /// <summary>Ends the hours that are over. One that was seen in part counts when that was most of it; those without a request count as idle.</summary>
    public void Pass(DateTimeOffset now)
    {
        if (_since == default)
            _since = now;
        for (var hours = 0; HourOf(_since) < HourOf(now); hours++)
        {
            if (hours == Hours)
            {
                _since = now;
                return;
            }
            var end = DateTimeOffset.FromUnixTimeSeconds((HourOf(_since) + 1) * 3600);
            if (end - _since >= TimeSpan.FromMinutes(30))
                Learn(_since.UtcDateTime.Hour, _sum / (end - _since).TotalSeconds);
            (_since, _sum) = (end, 0);
        }
    }

    /// <summary>
    /// The time from now on, stretched or shrunk by demand: an hour with half the usual demand of the present one counts
    /// half an hour.
    /// </summary>
    public double BusySeconds(DateTimeOffset now, TimeSpan duration)
    {
        var mean = Mean();
        if (mean <= 0)
            return duration.TotalSeconds;
        var days = duration.Ticks / TimeSpan.TicksPerDay;
        var sum = days * 86_400 * mean;
        // Whole ticks: a fraction of one would never reach the end of the hour.
        for (long at = now.UtcTicks, left = duration.Ticks % TimeSpan.TicksPerDay; left > 0;)
        {
            var step = Math.Min(left, TimeSpan.TicksPerHour - (at % TimeSpan.TicksPerHour));
            sum += (double)step / TimeSpan.TicksPerSecond * Weight((int)(at / TimeSpan.TicksPerHour % Hours), mean);
            (at, left) = (at + step, left - step);
        }
        return sum / Weight(now.UtcDateTime.Hour, mean);
    }

    private void Learn(int hour, double perSecond) =>
        _perSecond[hour] = _perSecond[hour] is { } before ? before + ((perSecond - before) * Newest) : perSecond;

    private static long HourOf(DateTimeOffset time) => time.ToUnixTimeSeconds() / 3600;

    /// <summary>Hours that were not seen yet are taken to be like the others.</summary>
    private double Weight(int hour, double mean) => (Even * mean) + ((1 - Even) * (_perSecond[hour] ?? mean));

    private double Mean()
    {
        var (sum, known) = (0.0, 0);
        foreach (var rate in _perSecond)
        {
            if (rate is not { } seen)
                continue;
            sum += seen;
            known++;
        }
        return known == 0 ? 0 : sum / known;
    }
}
