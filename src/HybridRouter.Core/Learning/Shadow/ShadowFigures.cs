namespace HybridRouter.Learning.Shadow;

/// <summary>What a candidate would have done with the traffic since it is watched.</summary>
/// <param name="Candidate">Its version.</param>
/// <param name="Prompts">Scored by both models.</param>
/// <param name="ToCloud">Kept local by the model in force, and sent to the cloud by the candidate.</param>
/// <param name="ToLocal">The other way round.</param>
public sealed record ShadowFigures(string Candidate, DateTimeOffset Since, long Prompts, long ToCloud, long ToLocal, ShadowSide Local, ShadowSide Cloud)
{
    /// <summary>Share of the prompts that would go elsewhere, 0..1.</summary>
    public double Otherwise => Prompts == 0 ? 0 : (double)(ToCloud + ToLocal) / Prompts;

    /// <summary>Mean of the candidate's score less that of the model in force.</summary>
    public double MeanShift => Prompts == 0 ? 0 : ((Local.Prompts * Local.MeanShift) + (Cloud.Prompts * Cloud.MeanShift)) / Prompts;
}

/// <summary>The prompts that the model in force puts on one side.</summary>
public sealed record ShadowSide(long Prompts, double MeanShift);
