namespace HybridRouter.Simulator;

/// <summary>
/// What one key may use of one model. A member left null is unlimited and its headers are not sent. Settable, not init-only,
/// because generated JSON readers would lose the defaults; do not change one that is in use.
/// </summary>
public sealed record SimulatedLimits
{
    /// <summary>No limit at all: the default.</summary>
    public static SimulatedLimits None => new();

    /// <summary>Requests a minute, at least 1; refilled continuously.</summary>
    public long? RequestsPerMinute { get; set; }

    /// <summary>Tokens a minute, at least 1; estimated input plus largest output is taken before, the rest given back after.</summary>
    public long? TokensPerMinute { get; set; }

    /// <summary>Requests a day, at least 1; refilled continuously over 24 hours.</summary>
    public long? RequestsPerDay { get; set; }

    /// <summary>Requests in flight at one time, at least 1.</summary>
    public int? ConcurrentRequests { get; set; }

    /// <summary>How much of a minute may be used in one burst, seconds, 1..60. Default 60; Azure judges over 1..10.</summary>
    public double BurstSeconds { get; set; } = 60;

    internal IEnumerable<string> Problems(string at)
    {
        if (RequestsPerMinute < 1)
            yield return $"{at}.requestsPerMinute must be at least 1.";
        if (TokensPerMinute < 1)
            yield return $"{at}.tokensPerMinute must be at least 1.";
        if (RequestsPerDay < 1)
            yield return $"{at}.requestsPerDay must be at least 1.";
        if (ConcurrentRequests < 1)
            yield return $"{at}.concurrentRequests must be at least 1.";
        if (BurstSeconds is not (>= 1 and <= 60))
            yield return $"{at}.burstSeconds must be 1..60.";
    }
}
