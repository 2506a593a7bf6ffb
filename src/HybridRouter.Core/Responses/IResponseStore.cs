using HybridRouter.Wire;

namespace HybridRouter.Responses;

/// <summary>
/// Keeps responses, so that clients can read and continue them. Bound to owners: what belongs to another is not found.
/// Thread-safe. Broken storage throws <see cref="IOException"/>.
/// </summary>
public interface IResponseStore : IDisposable
{
    /// <summary>Saves a response. One with the same id and owner is replaced; another owner's stays as it is.</summary>
    Task SaveAsync(StoredResponse response, CancellationToken cancellationToken);

    Task<StoredResponse?> FindAsync(string id, string? owner, CancellationToken cancellationToken);

    /// <returns>False when there was none.</returns>
    Task<bool> DeleteAsync(string id, string? owner, CancellationToken cancellationToken);

    /// <summary>All items of a conversation up to and with the response, oldest first: each request's input, then its output.</summary>
    /// <exception cref="ApiException">400 when a response of the chain is not there, or when the conversation is longer than <see cref="ConversationHistory"/> allows.</exception>
    Task<ConversationHistory> HistoryAsync(string previousId, string? owner, CancellationToken cancellationToken);

    /// <summary>Removes the responses that are older.</summary>
    /// <returns>How many.</returns>
    Task<int> SweepAsync(DateTimeOffset createdBefore, CancellationToken cancellationToken);
}
