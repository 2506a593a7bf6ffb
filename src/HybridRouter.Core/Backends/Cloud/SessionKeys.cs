namespace HybridRouter.Backends.Cloud;

/// <summary>
/// Which key a conversation was last at: the provider's prompt cache is there. Bounded; the longest unused go first.
/// Thread-safe.
/// </summary>
internal sealed class SessionKeys(int capacity)
{
    /// <summary>Conversations remembered for each model.</summary>
    public const int DefaultCapacity = 20_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Session, KeyModel Key)>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Session, KeyModel Key)> _oldestFirst = [];

    public KeyModel? Find(string? session)
    {
        if (session is null)
            return null;
        lock (_gate)
            return _entries.TryGetValue(session, out var node) ? node.Value.Key : null;
    }

    public void Set(string? session, KeyModel key)
    {
        if (session is null)
            return;
        lock (_gate)
        {
            if (_entries.Remove(session, out var old))
                _oldestFirst.Remove(old);
            _entries[session] = _oldestFirst.AddLast((session, key));
            if (_entries.Count <= capacity)
                return;
            _entries.Remove(_oldestFirst.First!.Value.Session);
            _oldestFirst.RemoveFirst();
        }
    }
}
