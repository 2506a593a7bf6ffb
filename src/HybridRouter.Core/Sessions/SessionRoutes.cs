namespace HybridRouter.Sessions;

/// <summary>
/// Remembers which conversations went to the cloud, so that an agent does not change models in the middle of a tool
/// loop. Bounded; the longest unused go first. Thread-safe.
/// </summary>
public sealed class SessionRoutes(TimeSpan lifetime, TimeProvider time)
{
    /// <summary>Conversations remembered at most.</summary>
    public const int Capacity = 50_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _oldestFirst = [];

    private sealed record Entry(string Session, DateTimeOffset Until);

    public bool WentToCloud(string? session)
    {
        if (session is null)
            return false;
        lock (_gate)
            return _entries.TryGetValue(session, out var node) && node.Value.Until > time.GetUtcNow();
    }

    public void Set(string? session, bool cloud)
    {
        if (session is null)
            return;
        lock (_gate)
        {
            if (_entries.Remove(session, out var old))
                _oldestFirst.Remove(old);
            if (!cloud)
                return;
            var now = time.GetUtcNow();
            _entries[session] = _oldestFirst.AddLast(new Entry(session, now + lifetime));
            // Every entry lives equally long, so the list is in order of expiry.
            while (_oldestFirst.First is { } first && (_entries.Count > Capacity || first.Value.Until <= now))
            {
                _entries.Remove(first.Value.Session);
                _oldestFirst.RemoveFirst();
            }
        }
    }
}
