namespace HybridRouter.Pacing;

/// <summary>The cutoffs that a rule's targets ask for at least; 0 = none.</summary>
internal readonly record struct TargetCutoffs(double ForShare, double ForQuality)
{
    /// <summary>Of fewer requests, nothing is concluded about shares.</summary>
    private const double Fewest = 20;

    public double Highest => Math.Max(ForShare, ForQuality);

    public static TargetCutoffs Of(in PacingRule rule, Demand demand) => !rule.HasTarget || demand.Count < Fewest ? default : new(
        rule.CloudShare is { } share ? demand.CutoffForShare(share) : 0,
        rule.Quality is { } quality ? demand.CutoffForQuality(quality) : 0);
}
