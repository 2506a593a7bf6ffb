using System.Text.Json;
using HybridRouter.Simulator.Answers;

namespace HybridRouter.Simulator.Serving;

/// <summary>What every model request has in common once it was read.</summary>
internal record ModelCall
{
    /// <summary>The request as it came.</summary>
    public required JsonElement Body { get; init; }

    /// <summary>Null: taken from the path (Azure deployments).</summary>
    public string? Model { get; init; }

    public bool Stream { get; init; }

    public int InputTokens { get; init; }

    /// <summary>Tokens that the answer may have at most, all choices together; null = not said.</summary>
    public int? MaxOutputTokens { get; init; }

    public Conversation Conversation { get; init; } = Conversation.Empty;
}
