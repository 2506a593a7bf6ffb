using HybridRouter.Backends;
using HybridRouter.Intake;
using HybridRouter.Triage;

namespace HybridRouter.Learning;

/// <summary>How an answer ended. The numbers are stored.</summary>
public enum TrafficOutcome
{
    Ok = 0,
    Failed = 1,

    /// <summary>The stream broke after its first byte.</summary>
    Cut = 2,

    /// <summary>The client went away.</summary>
    Cancelled = 3,
}

/// <summary>One request that was triaged and has ended, as it is handed over for keeping. Its prompt window goes no further unless prompts are kept.</summary>
public sealed record TrafficObservation
{
    /// <summary>The id that the client was given.</summary>
    public required string RequestId { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>When its last byte was out; not before <see cref="At"/>.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    public required CallerIdentity Caller { get; init; }

    /// <summary>User that the request itself named; counts where the caller's key belongs to none.</summary>
    public string? EndUser { get; init; }

    /// <summary>Identifies the conversation; null when nothing does.</summary>
    public string? Session { get; init; }

    public PromptDomain Domain { get; init; }

    public required TriageInput Triage { get; init; }

    /// <summary>The model that scored it; null without a score.</summary>
    public string? ModelVersion { get; init; }

    /// <summary>0..1; null = it was not scored.</summary>
    public float? Score { get; init; }

    /// <summary>The cutoff that held, 0..1; null without a score.</summary>
    public float? Cutoff { get; init; }

    /// <summary>Where it was answered.</summary>
    public required RouteKind Route { get; init; }

    public required string Model { get; init; }

    public required TrafficOutcome Outcome { get; init; }

    public bool FellBack { get; init; }

    /// <summary>The client named the cloud, or a model of it.</summary>
    public bool AskedForCloud { get; init; }

    /// <summary>The client left an answer that had begun; where people type on, as in completions, that says nothing and is false.</summary>
    public bool LeftMidStream { get; init; }

    /// <summary>What a check of the local draft found, by name (lower-case letters, digits, dashes, underscores); other names are not kept. Empty = nothing, or not checked.</summary>
    public IReadOnlyList<string> DraftFindings { get; init; } = [];
}

/// <summary>Where requests that ended are told of. Thread-safe; never throws and never blocks.</summary>
public interface ITrafficSink
{
    /// <summary>A client is about to learn of this request, so feedback on it may come at any time. <see cref="Observe"/> must follow.</summary>
    void Announce(string requestId, CallerIdentity caller);

    /// <summary>It has ended. Told of later than others can be kept, it is dropped and counted.</summary>
    void Observe(TrafficObservation observation);
}
