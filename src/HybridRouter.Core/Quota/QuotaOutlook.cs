namespace HybridRouter.Quota;

/// <summary>
/// What a model's pool of keys can still give, all usable keys together: what planning and pacing look at. A snapshot;
/// it informs and never gates.
/// </summary>
/// <param name="Lines">One for each kind of limit that is known; empty: nothing is known to be limited.</param>
/// <param name="QueuedTokens">Tokens that wait in front of the pool.</param>
public sealed record QuotaOutlook(IReadOnlyList<QuotaLine> Lines, double QueuedTokens = 0)
{
    public static readonly QuotaOutlook Unlimited = new([]);

    /// <summary>Whether a request that takes so many tokens would be served at once.</summary>
    public bool HasRoomFor(double tokens)
    {
        if (QueuedTokens > 0)
            return false;
        foreach (var line in Lines)
        {
            var needed = line.Unit switch
            {
                // What is larger than the limit is taken all the same when the limit is unused.
                MeterUnit.Tokens => Math.Min(tokens, line.Capacity),
                _ => 1,
            };
            if (line.Remaining < needed)
                return false;
        }
        return true;
    }
}

/// <param name="Unit">Requests, tokens or money; slots are not paced.</param>
/// <param name="Remaining">May be negative.</param>
/// <param name="Capacity">The most that <paramref name="Remaining"/> can be.</param>
/// <param name="PerSecond">Refill; 0 for a calendar window.</param>
/// <param name="ResetsIn">Bucket: until full. Window: until it starts anew.</param>
public readonly record struct QuotaLine(MeterUnit Unit, double Remaining, double Capacity, double PerSecond, TimeSpan ResetsIn);
