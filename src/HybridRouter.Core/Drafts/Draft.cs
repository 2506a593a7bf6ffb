using HybridRouter.Wire;

namespace HybridRouter.Drafts;

/// <summary>What a local model answered, as the check reads it. Never logged.</summary>
public sealed record Draft
{
    public string Text { get; init; } = "";

    /// <summary>What stands in the wire's own member for refusals.</summary>
    public string Refusal { get; init; } = "";

    /// <summary>The model said something beside the answer itself (reasoning); that alone is no answer.</summary>
    public bool HasReasoning { get; init; }

    /// <summary>As on the wire: <c>stop</c>, <c>length</c>, <c>tool_calls</c> ...; null = none came.</summary>
    public string? FinishReason { get; init; }

    public IReadOnlyList<DraftCall> Calls { get; init; } = [];

    /// <summary>Log-probabilities (natural) of the tokens, in order; empty where the engine sent none.</summary>
    public IReadOnlyList<float> LogProbs { get; init; } = [];

    /// <summary>Output tokens as the engine counted them; null = it did not.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>The answer is longer than what was kept of it.</summary>
    public bool IsClipped { get; init; }

    public bool WasCut => FinishReason == "length";
}

/// <param name="Arguments">As the model wrote them; should be JSON.</param>
public sealed record DraftCall(string Name, string Arguments);

/// <summary>What a draft is an answer to.</summary>
/// <param name="MaxOutputTokens">Most output that the request, or its profile's economy, allows; null = not limited.</param>
/// <param name="IsInfill">A gap is to be filled: nothing is an answer, too.</param>
public sealed record DraftQuestion(WireApi Api, long? MaxOutputTokens = null, bool IsInfill = false);

/// <param name="Name">One of <see cref="FindingNames"/>.</param>
/// <param name="Strength">How sure it is that the draft is no good, above 0 and at most 1.</param>
public readonly record struct DraftFinding(string Name, double Strength);

/// <param name="Doubt">All findings together, 0..1.</param>
public sealed record DraftReport(IReadOnlyList<DraftFinding> Findings, double Doubt)
{
    public static readonly DraftReport Clean = new([], 0);

    /// <summary>The strongest finding; null when nothing was found.</summary>
    public string? Worst => Findings.Count == 0 ? null : Findings.MaxBy(f => f.Strength).Name;

    /// <summary>Findings back each other up as independent witnesses do: what is left of the trust is what each of them leaves.</summary>
    internal static DraftReport Of(IReadOnlyList<DraftFinding> findings) =>
        findings.Count == 0 ? Clean : new(findings, 1 - findings.Aggregate(1.0, static (trust, finding) => trust * (1 - finding.Strength)));
}

/// <summary>Names of findings, as in metrics and reasons.</summary>
public static class FindingNames
{
    public const string Empty = "empty";
    public const string Refusal = "refusal";
    public const string Looping = "looping";
    public const string Truncated = "truncated";
    public const string Unsure = "unsure";
    public const string DoesNotParse = "does_not_parse";
    public const string BadToolCall = "bad_tool_call";
}

/// <summary>Is told of each local draft that was checked. Must return at once; what it throws is logged and changes nothing. Thread-safe.</summary>
public interface IDraftObserver
{
    /// <param name="requestId">The id that the client was given in <c>x-hybridrouter-request-id</c>.</param>
    /// <param name="escalated">The draft was thrown away, and the cloud answered in its place.</param>
    void Checked(string requestId, IReadOnlyList<DraftFinding> findings, double doubt, bool escalated);
}
