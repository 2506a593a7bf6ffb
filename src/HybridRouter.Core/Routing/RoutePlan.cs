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
/// <param name="MaxWait">Longest wait for a local slot, or for cloud quota; null = the backend's own, or the request's.</param>
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

    /// <summary>Cloud models in the order of the configuration: the one asked for, then those that take what does not fit it.</summary>
    public IReadOnlyList<Candidate> Cloud { get; init; } = [];

    /// <summary>The session went to the cloud and is in the middle of a tool loop.</summary>
    public bool SessionHoldsCloud { get; init; }

    public required TimeSpan MaxLocalWait { get; init; }
}

/// <param name="Missing">What the model lacks for this request, or null.</param>
public sealed record Candidate(RouteTarget Target, BackendStatus Status, string? Missing)
{
    /// <summary>Paid for whether used or not: it is filled first, and not waited for where another follows.</summary>
    public bool Provisioned { get; init; }

    /// <summary>Tokens that the request is expected to take of this model's limits.</summary>
    public double Tokens { get; init; }

    /// <summary>Whether the request would be served at once, as far as is known.</summary>
    public bool HasRoom => Status.Available && Status.Quota?.HasRoomFor(Tokens) != false;
}
