namespace HybridRouter.Triage.Drift;

/// <summary>How far the traffic has moved from what the model in force was trained on.</summary>
/// <param name="Prompts">In the window now.</param>
/// <param name="Window">When it is full.</param>
/// <param name="Features">The score first; empty until half of the window is filled.</param>
public sealed record DriftReading(int Prompts, int Window, IReadOnlyList<FeatureDrift> Features);

/// <param name="Feature">In words; <c>score</c> is the score.</param>
/// <param name="Psi">Population stability index: below 0.1 stable, above 0.25 moved.</param>
public sealed record FeatureDrift(string Feature, double Psi);
