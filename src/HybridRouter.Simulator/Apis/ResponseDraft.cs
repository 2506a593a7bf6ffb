using System.Text.Json;
using HybridRouter.Simulator.Answers;

namespace HybridRouter.Simulator.Apis;

/// <summary>All of one response that does not change while it is made.</summary>
internal sealed record ResponseDraft
{
    public required string Id { get; init; }

    public required string ItemId { get; init; }

    /// <summary>Set when the answer is a tool call.</summary>
    public required string? CallId { get; init; }

    /// <summary>Set when the answer begins with a reasoning item.</summary>
    public required string? ReasoningId { get; init; }

    public required long CreatedAt { get; init; }

    public required string Model { get; init; }

    public required JsonElement Body { get; init; }

    public required Answer Answer { get; init; }

    public required int InputTokens { get; init; }

    public required int CachedTokens { get; init; }

    public required bool Background { get; init; }

    public string FinalStatus => Answer.Finish == "length" ? "incomplete" : "completed";

    /// <summary>One short sentence, when the request asked for summaries.</summary>
    public string? ReasoningSummary =>
        Body.Object("reasoning").String("summary") is not null ? "Looked at the request and chose the simplest answer." : null;

    public bool EncryptedReasoning => Body.Strings("include").Contains("reasoning.encrypted_content");
}

/// <summary>A response's state: <c>queued</c>, <c>in_progress</c>, <c>completed</c>, <c>incomplete</c>, <c>cancelled</c> or <c>failed</c>.</summary>
/// <param name="Error">Code and message of a failed one.</param>
internal sealed record ResponseStatus(string Name, (string Code, string Message)? Error = null)
{
    public static ResponseStatus Queued { get; } = new("queued");

    public static ResponseStatus InProgress { get; } = new("in_progress");

    public static ResponseStatus Cancelled { get; } = new("cancelled");

    public static ResponseStatus Failed(SimulatedFault fault) =>
        new("failed", (fault.Code ?? "server_error", fault.Message ?? "Simulated failure inside a stream."));

    public bool HasOutput => Name is "completed" or "incomplete";

    public bool IsFinal => Name is not ("queued" or "in_progress");
}
