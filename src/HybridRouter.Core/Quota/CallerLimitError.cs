using System.Globalization;
using HybridRouter.Wire;

namespace HybridRouter.Quota;

/// <summary>Words a refusal by a caller's own limit: whose it was, and when it frees.</summary>
public static class CallerLimitError
{
    /// <param name="limit">The meter that refused; its label names the limit and its owner.</param>
    /// <param name="wait">Until it frees; null = never for this request, as it is larger than the limit.</param>
    public static ApiError Create(Meter limit, TimeSpan? wait)
    {
        // Money is named as clients know it from the cloud: a client that sees it stops instead of trying again soon.
        var (type, code) = limit.Unit switch
        {
            MeterUnit.MicroDollars => ("insufficient_quota", "insufficient_quota"),
            MeterUnit.Tokens => ("tokens", "rate_limit_exceeded"),
            _ => ("requests", "rate_limit_exceeded"),
        };
        var message = wait is { } time
            ? $"A limit is reached: {limit.Label}. It frees in about {Words(time)}."
            : $"This request is larger than a limit allows: {limit.Label}. Shorten its input or lower its largest output.";
        return new ApiError(429, type, code, message, RetryAfter: wait);
    }

    /// <summary>A time in words, rounded up: <c>12 s</c>, <c>5 min</c>, <c>7 h</c>, <c>12 days</c>.</summary>
    public static string Words(TimeSpan time)
    {
        var (amount, unit) = time.TotalSeconds switch
        {
            <= 180 => (time.TotalSeconds, "s"),
            <= 3 * 3600 => (time.TotalMinutes, "min"),
            <= 3 * 86_400 => (time.TotalHours, "h"),
            _ => (time.TotalDays, "days"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, Math.Ceiling(amount)):0} {unit}");
    }
}
