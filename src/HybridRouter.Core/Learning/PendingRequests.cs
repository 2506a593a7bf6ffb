using System.Collections.Concurrent;

namespace HybridRouter.Learning;

/// <summary>
/// Requests that clients may know of and that are not written yet: feedback on them can be sooner than the row. As many
/// as are under way or wait to be written. Thread-safe.
/// </summary>
internal sealed class PendingRequests
{
    private readonly ConcurrentDictionary<string, string?> _callers = new(StringComparer.Ordinal);

    public void Add(string requestId, string? caller) => _callers[requestId] = caller;

    public void Remove(string requestId) => _callers.TryRemove(requestId, out _);

    /// <returns>Whether the request is pending and this caller's.</returns>
    public bool IsOf(string requestId, string? caller) => _callers.TryGetValue(requestId, out var owner) && owner == caller;
}
