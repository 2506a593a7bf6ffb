using System.Globalization;
using HybridRouter.Wire;

namespace HybridRouter.Quota;

/// <summary>
/// What a caller is told whose own limit refused: whose it was, how large, and when it frees. One rule for all limits:
/// <list type="bullet">
/// <item>It frees within an hour: 429 with code <c>rate_limit_exceeded</c> and <c>Retry-After</c>, after which clients try again.</item>
/// <item>Later, or never for this request: 429 with type and code <c>insufficient_quota</c> and no <c>Retry-After</c>. Codex and
/// the SDKs take that for final, which is right for the budget of a day or month: nobody waits that long in a request.</item>
/// </list>
/// </summary>
public static class CallerLimitError
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <param name="limit">The meter that refused; its label names the limit and its owner.</param>
    /// <param name="wait">Until it frees; null = never for this request, as it is larger than the limit.</param>
    public static ApiError Create(Meter limit, TimeSpan? wait)
    {
        if (wait is not { } time)
            return ApiError.QuotaExhausted($"This request is larger than a limit allows: {limit.Label}.");
        var message = $"A limit is reached: {limit.Label}. It frees in about {Words(time)}.";
        if (time > LongestWait)
            return ApiError.QuotaExhausted(message);
        var type = limit.Unit is MeterUnit.Tokens or MeterUnit.MicroDollars ? "tokens" : "requests";
        return new ApiError(429, type, "rate_limit_exceeded", message, RetryAfter: time);
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
