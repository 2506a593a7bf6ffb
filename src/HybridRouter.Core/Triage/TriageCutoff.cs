namespace HybridRouter.Triage;

/// <summary>Score at or above which a prompt counts as complex.</summary>
/// <param name="Value">The one that holds for this request.</param>
/// <param name="Configured">Where it would be if nothing moved it.</param>
/// <param name="Why">What moves it, short and in plain ASCII; null = nothing does.</param>
public readonly record struct TriageCutoff(float Value, float Configured, string? Why = null)
{
    public static TriageCutoff Fixed(float configured) => new(configured, configured);
}
