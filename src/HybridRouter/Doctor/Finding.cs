namespace HybridRouter.Doctor;

internal enum FindingLevel
{
    Ok,
    Warn,
    Fail,
}

/// <summary>One thing looked at.</summary>
/// <param name="Advice">What to do; null when all is well.</param>
internal sealed record Finding(FindingLevel Level, string What, string State, string? Advice = null);
