namespace HybridRouter.Local.Scheduling;

internal enum ModelPhase
{
    Stopped,
    Starting,
    Ready,
    Stopping,

    /// <summary>It crashed and is started again later.</summary>
    Backoff,

    /// <summary>It crashed too often; requests are refused for a while.</summary>
    GaveUp,
}

/// <summary>How a model stood after the last event: for information, never for admission.</summary>
/// <param name="Since">When the phase began.</param>
/// <param name="Until">When a pause ends.</param>
internal sealed record ModelSnapshot(ModelPhase Phase, int Running, int Waiting, string? Reason, DateTimeOffset Since, DateTimeOffset Until);
