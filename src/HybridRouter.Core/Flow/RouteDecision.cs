using HybridRouter.Backends;
using HybridRouter.Routing;

namespace HybridRouter.Flow;

/// <summary>What was decided and what happened, for headers, logs and metrics.</summary>
/// <param name="Score">Complexity 0..1, or null without triage.</param>
/// <param name="Reason">Short plain ASCII; includes a fallback that was taken.</param>
/// <param name="FellBack">An earlier candidate failed before the first byte.</param>
public sealed record RouteDecision(RouteKind Route, string Backend, string Model, float? Score, string Reason, bool FellBack)
{
    /// <summary>The cutoff that held for this request; null without triage.</summary>
    public float? Cutoff { get; init; }

    /// <summary>The model that scored it; null without a score.</summary>
    public string? Classifier { get; init; }

    /// <summary>The client named the cloud, or a model of it.</summary>
    public bool AskedForCloud { get; init; }

    /// <summary>What the check found in a local draft that it doubted, by name, whoever answered in the end; empty = it doubted none.</summary>
    public IReadOnlyList<string> DraftFindings { get; init; } = [];

    /// <summary>How long it waited for quota of this model.</summary>
    public TimeSpan Queued { get; init; }
}

/// <summary>The end of the walk: what was decided, and the answer or the failure in the client's own wire.</summary>
/// <param name="Usage">Filled while the reply is read.</param>
public sealed record FlowAnswer(RouteDecision Decision, BackendReply Reply, Usage.UsageTap Usage) : IAsyncDisposable
{
    /// <summary>The local draft that this answer took the place of; it used tokens, too. Null: there was none.</summary>
    public FlowAnswer? Draft { get; init; }

    public ValueTask DisposeAsync() => Reply.DisposeAsync();
}

/// <summary>What the router would do, without calling a model.</summary>
/// <param name="Cutoff">The one that would hold for this request.</param>
public sealed record RouteExplanation(
    float? Score,
    float Cutoff,
    RouteKind Route,
    string Backend,
    string Model,
    string Reason,
    string? ClassifierVersion,
    IReadOnlyList<Triage.FeatureWeight> Features,
    IReadOnlyList<RouteStep> Steps)
{
    /// <summary>Where the cutoff would be if nothing moved it.</summary>
    public required float ConfiguredCutoff { get; init; }

    /// <summary>What moves the cutoff, in words; null = nothing does.</summary>
    public string? CutoffReason { get; init; }
}
