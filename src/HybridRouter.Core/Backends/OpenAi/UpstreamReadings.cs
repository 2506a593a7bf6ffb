namespace HybridRouter.Backends.OpenAi;

/// <summary>What one answer said about its sender's limits.</summary>
public sealed record UpstreamReadings
{
    public LimitReading Requests { get; init; }

    public LimitReading Tokens { get; init; }

    /// <summary>Of the tokens that all keys of a project share.</summary>
    public LimitReading ProjectTokens { get; init; }

    /// <summary>Share of a provisioned deployment that is in use, 0..10; null = not told.</summary>
    public double? Utilization { get; init; }
}

/// <summary>One limit as told. Null: not told, or nothing that can be believed.</summary>
/// <param name="Limit">For each period, which is not told; 1..1e12.</param>
/// <param name="Remaining">At least 0; never more than <paramref name="Limit"/>: what says so is not believed.</param>
/// <param name="Reset">Until all of it is there again; more than zero, at most a day.</param>
public readonly record struct LimitReading(long? Limit, long? Remaining, TimeSpan? Reset)
{
    public bool IsEmpty => Limit is null && Remaining is null && Reset is null;
}
