using System.Text.Json.Serialization;

namespace HybridRouter.Triage.Registry;

/// <summary><c>state.json</c>: which version is in force. Every change replaces the file whole.</summary>
public sealed record RegistryState
{
    /// <summary>Null = the model that ships with the program.</summary>
    public string? Current { get; init; }

    /// <summary>Trained and not in force; null = none.</summary>
    public string? Candidate { get; init; }

    /// <summary>What was in force before <see cref="Current"/>, the latest last, null for the shipped model: where a rollback goes.</summary>
    public IReadOnlyList<string?> Before { get; init; } = [];

    /// <summary>Oldest first; the last <see cref="MaxHistory"/>.</summary>
    public IReadOnlyList<RegistryEvent> History { get; init; } = [];

    /// <summary>The last scheduled training; null = there was none.</summary>
    public RetrainNote? Retrain { get; init; }

    public const int MaxHistory = 200;

    /// <summary>Rollbacks that are possible in a row.</summary>
    public const int MaxBefore = 20;

    /// <summary>Candidates that were judged since the model in force came: each try is another chance to be lucky.</summary>
    [JsonIgnore]
    public int TriesSinceChange => History.Reverse().TakeWhile(e => e.Kind == RegistryEventKind.Candidate).Count();

    /// <summary>A version that somebody took back must not come into force by itself again.</summary>
    public bool WasTakenBack(string version) => History.Any(e => e.Kind == RegistryEventKind.Rollback && e.From == version);

    internal RegistryState With(RegistryEvent entry) => this with { History = [.. History.Append(entry).TakeLast(MaxHistory)] };
}

public enum RegistryEventKind
{
    /// <summary>A version was trained.</summary>
    Candidate,

    /// <summary>A version came into force.</summary>
    Promote,

    /// <summary>The one before came into force again.</summary>
    Rollback,
}

/// <param name="Version">The candidate, or what is in force since; null = the shipped model.</param>
/// <param name="From">What was in force until then; null = the shipped model, or nothing changed.</param>
public sealed record RegistryEvent(DateTimeOffset At, RegistryEventKind Kind, string? Version, string? From, string Reason);

/// <param name="At">When it ended.</param>
/// <param name="Newest">Time of the newest judged request that it knew; null = there was none.</param>
public sealed record RetrainNote(DateTimeOffset At, DateTimeOffset? Newest);
