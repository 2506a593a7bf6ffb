using HybridRouter.Backends;
using HybridRouter.Triage;
using HybridRouter.Wire;

namespace HybridRouter.Intake;

/// <summary>A request as the router understands it: the body as it came, and what was read from it once.</summary>
public sealed record ModelRequest : IDisposable
{
    public required WireApi Api { get; init; }

    public required JsonBody Body { get; init; }

    /// <summary>The name that the client asked for.</summary>
    public required string Model { get; init; }

    public bool Stream { get; init; }

    /// <summary>Chat and completions streams: the client asked for the usage chunk.</summary>
    public bool IncludeUsage { get; init; }

    public required TriageInput Triage { get; init; }

    public required RequestNeeds Needs { get; init; }

    /// <summary>Identifies the conversation; null when nothing identifies it.</summary>
    public string? SessionKey { get; init; }

    /// <summary>The last item is a tool result: the client is in the middle of a tool loop.</summary>
    public bool InToolLoop { get; init; }

    /// <summary>The id that the client is given in <c>x-hybridrouter-request-id</c>; empty outside a gateway.</summary>
    public string RequestId { get; init; } = "";

    public CallerIdentity Caller { get; init; } = CallerIdentity.None;

    /// <summary>The request's own <c>safety_identifier</c>, else <c>user</c>; null = neither.</summary>
    public string? EndUser { get; init; }

    /// <summary>What <c>x-hybridrouter-priority</c> asks for; null = the profile decides.</summary>
    public Configuration.RequestPriority? Priority { get; init; }

    /// <summary>Time that the caller gives the whole request (<c>x-hybridrouter-timeout-seconds</c>); null = it did not say.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Where it is told when the request has to wait for quota, and about how long; null = nobody wants to know.</summary>
    public Quota.Queue.WaitNotice? Wait { get; init; }

    /// <summary>Client headers that may travel upstream.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ForwardHeaders { get; init; } = [];

    public void Dispose() => Body.Dispose();
}

/// <summary>What a model must be able to do to serve a request.</summary>
public sealed record RequestNeeds
{
    /// <summary>Characters of all text in the request, tools included; divided by characters per token for an estimate.</summary>
    public required long PromptChars { get; init; }

    /// <summary>The request's own limit on output tokens; 0 = none given.</summary>
    public int MaxOutputTokens { get; init; }

    /// <summary>Answers that are asked for at once (<c>n</c>, <c>best_of</c>, several prompts), each with that limit; at least 1.</summary>
    public int Choices { get; init; } = 1;

    public ModelAbilities Abilities { get; init; } = ModelAbilities.Text;

    /// <summary>In words, something only a cloud provider offers (a hosted tool, background mode, a stored conversation); null = nothing.</summary>
    public string? CloudOnly { get; init; }
}
