using HybridRouter.Triage;

namespace HybridRouter.Pacing;

/// <summary>The cutoff of one request, and what the pool must be told of it afterwards (<see cref="PoolPacer.Observe"/>).</summary>
public readonly record struct PacedCutoff
{
    public TriageCutoff Cutoff { get; internal init; }

    /// <summary>False where the rule lets the cutoff stay: what it sends to the cloud goes there anyway.</summary>
    public bool IsPaced => Rule.Enabled;

    internal PacingRule Rule { get; init; }

    internal RelativeSize Size { get; init; }

    internal double Blur { get; init; }
}
