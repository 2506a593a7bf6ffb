namespace HybridRouter.Local.Slots;

/// <summary>The right to one request at an engine. Disposing it, once or more often, gives the slot back once.</summary>
internal sealed class SlotLease(Action<SlotLease> release, long startedAt) : IDisposable
{
    private Action<SlotLease>? _release = release;

    /// <summary>Time stamp of the grant, for the service time.</summary>
    public long StartedAt { get; } = startedAt;

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke(this);
}
