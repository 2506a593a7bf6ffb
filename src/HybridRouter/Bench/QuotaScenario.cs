namespace HybridRouter.Bench;

/// <summary>What is simulated. All times are those of the simulated world.</summary>
internal sealed record QuotaScenario
{
    public const double DefaultSpeed = 15;

    public int Keys { get; init; } = 4;

    /// <summary>Requests of mean size that a key's tokens per minute are enough for: limits follow the data, so that every file makes a run of the same length.</summary>
    public int RequestsPerKeyMinute { get; init; } = 30;

    /// <summary>Demand, as a multiple of all that the keys can give while the trace lasts.</summary>
    public IReadOnlyList<int> Loads { get; init; } = [1, 2, 4];

    /// <summary>From the first arrival to the last.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>An answer that comes later is of no use; the client leaves.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What a model writes unless it is stopped by the request's own maximum.</summary>
    public int OutputTokens { get; init; } = 1000;

    /// <summary>Maximum outputs that requests ask for, each as often: below, at and above what is written.</summary>
    public IReadOnlyList<int> MaxTokens { get; init; } = [500, 1000, 1200, 1500];

    public ServiceSpeed CloudSpeed { get; init; } = new(500, 200);

    public ServiceSpeed LocalSpeed { get; init; } = new(300, 100);

    /// <summary>Requests that the local engine serves at the same time: more than ever come, as this is about the cloud.</summary>
    public int LocalSlots { get; init; } = 256;

    public BurstPattern Bursts { get; init; } = new(TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(15), 5);

    /// <summary>How much faster than real time the simulated world runs, 1..100.</summary>
    public double Speed { get; init; } = DefaultSpeed;

    public int Seed { get; init; } = 1;

    /// <summary>A short run before the measured ones: code that runs first is slow, and at this speed a slow moment is a long one.</summary>
    public QuotaScenario WarmUp() => this with { Loads = [1], Length = TimeSpan.FromSeconds(30), Deadline = TimeSpan.FromSeconds(30) };
}

/// <summary>How fast a model answers.</summary>
/// <param name="FirstTokenMilliseconds">To its first token.</param>
/// <param name="TokensPerSecond">After it.</param>
internal readonly record struct ServiceSpeed(double FirstTokenMilliseconds, double TokensPerSecond)
{
    /// <summary>Time that a whole answer takes by itself: whatever a client waits beyond it is waiting.</summary>
    public TimeSpan Of(long outputTokens) => TimeSpan.FromMilliseconds(FirstTokenMilliseconds + (outputTokens * 1000 / TokensPerSecond));
}

/// <summary>What the keys can give.</summary>
/// <param name="TokensPerMinute">Of each key, refilled evenly; as much can be taken at once from a full one.</param>
internal sealed record KeyQuota(int Keys, long TokensPerMinute)
{
    /// <summary>All tokens that can be had in this time: the buckets full at its start, and what flows in.</summary>
    public double Available(TimeSpan time) => Keys * TokensPerMinute * (1 + time.TotalMinutes);

    /// <summary>Big enough for so many requests of the mean size, and for the largest one twice.</summary>
    public static KeyQuota For(QuotaScenario scenario, IReadOnlyList<PromptCost> costs)
    {
        var tokens = Math.Max(scenario.RequestsPerKeyMinute * costs.Average(c => c.Used), 2.0 * costs.Max(c => c.Reserved));
        return new KeyQuota(scenario.Keys, (long)Math.Ceiling(tokens / 1000) * 1000);
    }
}

/// <summary>What one request counts as in the simulated cloud.</summary>
/// <param name="Used">Input and what is really written.</param>
/// <param name="Reserved">Input and the most that may be written, counted before the answer.</param>
internal readonly record struct PromptCost(long Used, long Reserved);
