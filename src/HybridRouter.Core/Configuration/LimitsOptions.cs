namespace HybridRouter.Configuration;

/// <summary>What callers may use, over all models and endpoints. A request must fit every limit that applies to it.</summary>
public sealed class LimitsOptions
{
    /// <summary>Limits of each client key without an entry of its own in <see cref="Keys"/>.</summary>
    public CallerLimitOptions? EachKey { get; set; }

    /// <summary>Limits of each user: that of the client key, else the request's <c>safety_identifier</c> or <c>user</c>, per key.</summary>
    public CallerLimitOptions? EachUser { get; set; }

    /// <summary>Limits of each team without an entry of its own in <see cref="Teams"/>.</summary>
    public CallerLimitOptions? EachTeam { get; set; }

    /// <summary>Limits of each client address (IPv6: each /64 network).</summary>
    public CallerLimitOptions? EachAddress { get; set; }

    /// <summary>By name of the client key.</summary>
    public Dictionary<string, CallerLimitOptions> Keys { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>By name of the user.</summary>
    public Dictionary<string, CallerLimitOptions> Users { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>By name of the team.</summary>
    public Dictionary<string, CallerLimitOptions> Teams { get; set; } = new(StringComparer.OrdinalIgnoreCase);
}

/// <summary>Each is null for no such limit. Days and months are those of UTC.</summary>
public sealed class CallerLimitOptions
{
    /// <summary>1..1e9.</summary>
    public long? RequestsPerMinute { get; set; }

    /// <summary>Input and output tokens, local ones included, 1..1e12.</summary>
    public long? TokensPerMinute { get; set; }

    /// <summary>Requests under way at the same time, 1..100000.</summary>
    public int? ConcurrentRequests { get; set; }

    /// <summary>1..1e15.</summary>
    public long? TokensPerDay { get; set; }

    /// <summary>1..1e15.</summary>
    public long? TokensPerMonth { get; set; }

    /// <summary>US dollars by <see cref="RouterOptions.Prices"/>, 0..1e9; refilled evenly, so that a runaway client is slowed early.</summary>
    public double? SpendPerHour { get; set; }

    /// <summary>US dollars, 0..1e9.</summary>
    public double? SpendPerDay { get; set; }

    /// <summary>US dollars, 0..1e9.</summary>
    public double? SpendPerMonth { get; set; }
}

/// <summary>Price of one model, US dollars per million tokens, 0..1e6 each.</summary>
public sealed class PriceOptions
{
    public double InputPerMillion { get; set; }

    /// <summary>Input that the provider served from its prompt cache; null = <see cref="InputPerMillion"/>.</summary>
    public double? CachedInputPerMillion { get; set; }

    public double OutputPerMillion { get; set; }
}
