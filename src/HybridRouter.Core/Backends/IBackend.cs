using HybridRouter.Quota;
using HybridRouter.Wire;

namespace HybridRouter.Backends;

public enum RouteKind
{
    Local,
    Cloud,
}

/// <summary>
/// Something that answers model requests: a cloud provider or a local engine. Thread-safe. Requests and answers are
/// OpenAI wire JSON of the operation asked for, so that unknown members pass through.
/// </summary>
public interface IBackend : IAsyncDisposable
{
    string Name { get; }

    RouteKind Route { get; }

    /// <summary>The models it serves now. May change over time (an Ollama host); read it each time.</summary>
    IReadOnlyList<ServedModel> Models { get; }

    /// <summary>A cheap snapshot for planning: no I/O, no lock held for long. It may inform, it never gates a send.</summary>
    BackendStatus Status(ServedModel model);

    /// <summary>
    /// A request for this model just went elsewhere because the model is not loaded: load it, so that the next one
    /// finds it. Returns at once; harmless when it is loaded or cannot be.
    /// </summary>
    void Warm(ServedModel model)
    {
    }

    /// <summary>
    /// Sends one request. Expected trouble comes back as <see cref="BackendReply.Failed"/>; only cancellation by
    /// <paramref name="cancellationToken"/> throws. Cancelling stops the generation. The reply must be disposed.
    /// </summary>
    Task<BackendReply> SendAsync(BackendRequest request, CancellationToken cancellationToken);
}

/// <param name="Name">The name that clients use.</param>
/// <param name="UpstreamName">The name sent to the backend (a deployment, an Ollama tag, an alias).</param>
public sealed record ServedModel(string Name, string UpstreamName)
{
    /// <summary>Operations the backend speaks for this model. Responses are translated to chat where only that is spoken.</summary>
    public WireApi Apis { get; init; } = WireApi.ChatCompletions;

    /// <summary>Context window in tokens, prompt and answer together; 0 = unknown, not checked.</summary>
    public int ContextTokens { get; init; }

    /// <summary>Mean characters per token, for estimates. 1 for a byte-level vocabulary.</summary>
    public double CharsPerToken { get; init; } = 3.2;

    public ModelAbilities Abilities { get; init; } = ModelAbilities.All;

    /// <summary>Route profile that applies when a client names this model; null = the default profile.</summary>
    public string? Profile { get; init; }
}

/// <summary>What a model can do beyond plain text. A request that needs more goes elsewhere, with that as the reason.</summary>
[Flags]
public enum ModelAbilities
{
    Text = 0,
    Tools = 1,
    Images = 2,
    MultipleChoices = 4,
    LogProbs = 8,
    JsonSchema = 16,
    Infill = 32,
    Audio = 64,
    All = Tools | Images | MultipleChoices | LogProbs | JsonSchema | Infill | Audio,
}

/// <param name="Available">Whether a request sent now has a chance.</param>
/// <param name="Reason">Why not, or what the caller should know; null when all is well.</param>
/// <param name="FreeSlots">Requests that could start at once; int.MaxValue = not limited here.</param>
/// <param name="EstimatedWait">Until a new request would start, a model load included.</param>
public readonly record struct BackendStatus(bool Available, string? Reason = null, int FreeSlots = int.MaxValue, TimeSpan EstimatedWait = default)
{
    /// <summary>Cloud: what the pool of keys can still give; null where nothing is counted.</summary>
    public QuotaOutlook? Quota { get; init; }
}

/// <param name="Body">OpenAI request JSON; <c>model</c> already holds <see cref="ServedModel.UpstreamName"/>.</param>
public sealed record BackendRequest(WireApi Api, ServedModel Model, ReadOnlyMemory<byte> Body, bool Stream)
{
    /// <summary>Client headers that upstreams understand (OpenAI-Beta, X-Client-Request-Id, ...). Never authorization.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>What is reserved for it and how long it may wait for quota; null = nothing is counted (a caller outside the flow).</summary>
    public Admission? Admission { get; init; }

    /// <summary>Longest time to wait for a free slot before <see cref="FailureKind.Busy"/>; null = the backend's own setting.</summary>
    public TimeSpan? MaxWait { get; init; }
}
