using HybridRouter.Configuration;

namespace HybridRouter.Pacing;

/// <summary>How far and what for the cutoff may move for one request: its profile's rules, with what they leave open filled in.</summary>
public readonly record struct PacingRule
{
    /// <summary>False: the cutoff stays where it is configured.</summary>
    public bool Enabled { get; private init; }

    /// <summary>The cutoff where nothing moves it.</summary>
    public float Configured { get; private init; }

    /// <summary>The cutoff while quota is slack.</summary>
    public float Lowest { get; private init; }

    /// <summary>The cutoff while there is no quota; at least <see cref="Lowest"/>.</summary>
    public float Highest { get; private init; }

    /// <summary>Share of requests that the cloud should get at most; null = no such target.</summary>
    public float? CloudShare { get; private init; }

    /// <summary>Expected share of good answers that is enough; null = no such target.</summary>
    public float? Quality { get; private init; }

    public bool HasTarget => CloudShare is not null || Quality is not null;

    /// <param name="priced">The cloud model has a price: what is not spent is saved. Without one, unused quota is lost.</param>
    public static PacingRule From(PacingOptions options, float configured, bool priced)
    {
        var highest = (float)options.MaxCutoff;
        // A quality target says itself how far down it is worth to go.
        var lowest = (float?)options.MinCutoff ?? (options.TargetQuality is not null ? 0 : priced ? configured : configured / 2);
        return new PacingRule
        {
            Enabled = options.Enabled,
            Configured = configured,
            Lowest = Math.Min(lowest, highest),
            Highest = highest,
            CloudShare = (float?)options.TargetCloudShare,
            Quality = (float?)options.TargetQuality,
        };
    }
}
