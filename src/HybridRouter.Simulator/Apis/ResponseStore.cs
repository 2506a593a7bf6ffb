namespace HybridRouter.Simulator.Apis;

/// <summary>A stored response and how far it is. Thread-safe.</summary>
internal sealed class StoredResponse(string keyId, ResponseDraft draft, ResponseStatus status)
{
    private readonly Lock _gate = new();
    // Never disposed: it has no timer, and who forgets a stored response does not know whether its job still runs.
    private readonly CancellationTokenSource _cancel = new();
    private ResponseStatus _status = status;

    public string KeyId { get; } = keyId;

    public ResponseDraft Draft { get; } = draft;

    public ResponseStatus Status
    {
        get
        {
            lock (_gate)
                return _status;
        }
    }

    public CancellationToken Cancelled => _cancel.Token;

    /// <summary>False when the response had ended already: the first end stands.</summary>
    public bool TryMove(ResponseStatus to)
    {
        lock (_gate)
        {
            if (_status.IsFinal)
                return false;
            _status = to;
        }
        if (to == ResponseStatus.Cancelled)
            _cancel.Cancel();
        return true;
    }
}

/// <summary>Stored responses of all keys; the oldest are forgotten. Thread-safe.</summary>
internal sealed class ResponseStore
{
    private const int Capacity = 2000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredResponse> _byId = [];
    private readonly Queue<string> _order = new();

    public void Add(StoredResponse response)
    {
        lock (_gate)
        {
            _byId.Add(response.Draft.Id, response);
            _order.Enqueue(response.Draft.Id);
            if (_order.Count > Capacity)
                _byId.Remove(_order.Dequeue());
        }
    }

    public StoredResponse? Find(string id)
    {
        lock (_gate)
            return _byId.GetValueOrDefault(id);
    }

    public void Remove(string id)
    {
        lock (_gate)
            _byId.Remove(id);
    }

    public void Clear()
    {
        lock (_gate)
        {
            _byId.Clear();
            _order.Clear();
        }
    }
}
