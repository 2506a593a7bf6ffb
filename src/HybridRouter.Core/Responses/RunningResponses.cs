using System.Collections.Concurrent;

namespace HybridRouter.Responses;

/// <summary>The responses being made now, by id and owner, so that <c>POST /v1/responses/{id}/cancel</c> reaches them. Thread-safe.</summary>
public sealed class RunningResponses
{
    private readonly ConcurrentDictionary<(string Id, string? Owner), RunningResponse> _running = new();

    /// <param name="clientGone">Cancelled when the client goes away.</param>
    public RunningResponse Begin(string? owner, CancellationToken clientGone) => new(this, owner, clientGone);

    /// <summary>Cancels a response and waits until its work has stopped.</summary>
    /// <returns>The final Response object; null when no such response runs for this owner, or when it ended without one.</returns>
    public Task<ReadOnlyMemory<byte>?> CancelAsync(string id, string? owner, CancellationToken cancellationToken) =>
        _running.TryGetValue((id, owner), out var running) ? running.CancelAsync(cancellationToken) : Task.FromResult<ReadOnlyMemory<byte>?>(null);

    internal bool Add(string id, RunningResponse response) => _running.TryAdd((id, response.Owner), response);

    internal void Remove(RunningResponse response)
    {
        if (response.Id is { } id)
            _running.TryRemove(KeyValuePair.Create((id, response.Owner), response));
    }
}
