namespace HybridRouter.Responses;

/// <summary>A response that is being made. Disposing it says that it is over, however it ended.</summary>
public sealed class RunningResponse : IDisposable
{
    private readonly RunningResponses _registry;
    private readonly CancellationTokenSource _stop;
    private readonly TaskCompletionSource<ReadOnlyMemory<byte>?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _cancelled;

    internal RunningResponse(RunningResponses registry, string? owner, CancellationToken clientGone)
    {
        (_registry, Owner) = (registry, owner);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(clientGone);
        Token = _stop.Token;
    }

    /// <summary>Stops the work: when the client has gone, or when the response was cancelled by its id.</summary>
    public CancellationToken Token { get; }

    /// <summary>Cancelled by its id, not by the client's going.</summary>
    public bool IsCancelled => _cancelled;

    internal string? Owner { get; }

    internal string? Id { get; private set; }

    /// <summary>Makes it known by its id; from now on it can be cancelled.</summary>
    public void Identify(string id)
    {
        if (Id is null && _registry.Add(id, this))
            Id = id;
    }

    /// <summary>Tells those who cancelled it what came of it.</summary>
    public void Finish(ReadOnlyMemory<byte> response) => _ended.TrySetResult(response);

    public void Dispose()
    {
        _registry.Remove(this);
        _ended.TrySetResult(null);
        _stop.Dispose();
    }

    internal async Task<ReadOnlyMemory<byte>?> CancelAsync(CancellationToken cancellationToken)
    {
        _cancelled = true;
        try
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // It ended in this very moment; its result is there already.
        }
        return await _ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}
