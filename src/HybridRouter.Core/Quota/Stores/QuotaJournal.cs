namespace HybridRouter.Quota.Stores;

/// <summary>Notes what changed since the last batch, which costs a request some nanoseconds. Guarded by the store's lock.</summary>
/// <param name="wake">Called once when there is something to write.</param>
internal sealed class QuotaJournal(Action wake)
{
    private readonly List<MeterState> _changed = [];
    private List<long> _forgotten = [];
    private List<HeldLease> _opened = [];
    private List<HeldLease> _closed = [];
    private long _lastRow;
    private bool _whole;
    private bool _awake;

    /// <summary>New rows get higher numbers than this.</summary>
    public void NumberFrom(long row) => _lastRow = row;

    public void Changed(MeterState state)
    {
        if (state.Dirty)
            return;
        state.Dirty = true;
        _changed.Add(state);
        Wake();
    }

    public void Forgotten(MeterState state)
    {
        if (state.Row == 0)
            return;
        _forgotten.Add(state.Row);
        Wake();
    }

    public void Opened(HeldLease lease)
    {
        if (!_whole)
            _opened.Add(lease);
        Wake();
    }

    public void Closed(HeldLease lease)
    {
        if (!_whole)
            _closed.Add(lease);
        Wake();
    }

    /// <summary>Asks for a batch although nothing may have changed.</summary>
    public void Wake()
    {
        if (_awake)
            return;
        _awake = true;
        wake();
    }

    /// <summary>A batch was not written: the next one has everything, so nothing need be noted until then.</summary>
    public void Fail()
    {
        _whole = true;
        (_forgotten, _opened, _closed) = ([], [], []);
    }

    public QuotaBatch Take(MeterTable meters, OpenLeases open, in Moment now)
    {
        var changed = _whole ? meters.All : _changed;
        var rows = new List<MeterRow>(changed.Count);
        foreach (var state in changed)
        {
            if (state.Index < 0)
                continue;
            if (state.Row == 0)
                state.Row = ++_lastRow;
            rows.Add(state.Save(now));
        }
        foreach (var state in _changed)
            state.Dirty = false;
        var batch = new QuotaBatch(_whole, now.Utc, rows, _forgotten, _whole ? open.ToList() : _opened, _closed);
        _changed.Clear();
        (_forgotten, _opened, _closed, _whole, _awake) = ([], [], [], false, false);
        return batch;
    }
}
