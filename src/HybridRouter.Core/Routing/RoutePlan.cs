using HybridRouter.Backends;

namespace HybridRouter.Routing;

/// <summary>Candidates in order; the next one is tried only while nothing has been sent to the client.</summary>
/// <param name="Steps">At least one.</param>
public sealed record RoutePlan(IReadOnlyList<RouteStep> Steps)
{
    /// <summary>A model that would have been first but for its wait; it is worth loading for the requests to come.</summary>
    public RouteTarget? ToWarm { get; init; }
}

/// <param name="Reason">Why this candidate, short and in plain ASCII: it becomes a response header. Never holds prompt text.</param>
/// <param name="MaxWait">Longest wait for a slot; null = the backend's own.</param>
public sealed record RouteStep(RouteTarget Target, string Reason, TimeSpan? MaxWait = null);

/// <summary>What the planner looks at. All values, so that planning is pure.</summary>
public sealed record PlanInput
{
    public required Intake.ModelRequest Request { get; init; }

    public required Triage.TriageVerdict Verdict { get; init; }

    public required Configuration.RouteProfileOptions Profile { get; init; }

    /// <summary>What the client's model name demands; null = triage decides.</summary>
    public RouteKind? Demanded { get; init; }

    public Candidate? Local { get; init; }

    public Candidate? Cloud { get; init; }

    /// <summary>The session went to the cloud and is in the middle of a tool loop.</summary>
    public bool SessionHoldsCloud { get; init; }

    public required TimeSpan MaxLocalWait { get; init; }
}

/// <param name="Missing">What the model lacks for this request, or null.</param>
public sealed record Candidate(RouteTarget Target, BackendStatus Status, string? Missing);
