namespace HybridRouter.Responses;

/// <summary>One finished response, with what it answered.</summary>
/// <param name="Owner">Name of the caller it belongs to, or null when callers have no names. No one else finds it.</param>
/// <param name="PreviousId">The response it continues, or null.</param>
/// <param name="InputItems">JSON array of the items of this request alone, each with an id.</param>
/// <param name="Response">The Response object as the client got it.</param>
public sealed record StoredResponse(
    string Id,
    string? Owner,
    DateTimeOffset CreatedAt,
    string? PreviousId,
    ReadOnlyMemory<byte> InputItems,
    ReadOnlyMemory<byte> Response);
