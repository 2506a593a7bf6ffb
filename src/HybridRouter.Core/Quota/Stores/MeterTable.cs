namespace HybridRouter.Quota.Stores;

/// <summary>
/// The meters that are known. Names of users come from clients, so a meter that nobody uses and that is back at its start
/// is forgotten: there are never many more than were used in the last minutes or still count something. Guarded by the store's lock.
/// </summary>
internal sealed class MeterTable
{
    /// <summary>A meter that nobody used or read for this long may be forgotten.</summary>
    public static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, MeterState> _byId = new(StringComparer.Ordinal);
    private readonly List<MeterState> _all = [];
    private int _swept;

    public IReadOnlyList<MeterState> All => _all;

    public MeterState Find(string id)
    {
        if (!_byId.TryGetValue(id, out var state))
            Add(state = new MeterState(id));
        return state;
    }

    /// <exception cref="ArgumentException">Its name is there already.</exception>
    public void Add(MeterState state)
    {
        _byId.Add(state.Id, state);
        state.Index = _all.Count;
        _all.Add(state);
    }

    /// <summary>Looks at the next meters, as many as are worth one holding of the lock.</summary>
    /// <param name="forgotten">Filled with those that were dropped.</param>
    /// <returns>False: the end was reached; the next call begins anew.</returns>
    public bool Sweep(int count, in Moment now, List<MeterState> forgotten)
    {
        for (var i = 0; i < count; i++)
        {
            if (_swept >= _all.Count)
            {
                _swept = 0;
                Shrink();
                return false;
            }
            var state = _all[_swept];
            if (!state.IsIdle(ForgetAfter, now))
            {
                _swept++;
                continue;
            }
            Remove(state);
            forgotten.Add(state);
        }
        return true;
    }

    private void Remove(MeterState state)
    {
        _byId.Remove(state.Id);
        var last = _all[^1];
        (_all[state.Index], last.Index) = (last, state.Index);
        _all.RemoveAt(_all.Count - 1);
        state.Index = -1;
    }

    /// <summary>After a flood of names the room that they took is given back.</summary>
    private void Shrink()
    {
        if (_all.Capacity > 1024 && _all.Count < _all.Capacity / 4)
        {
            _all.Capacity = _all.Count * 2;
            _byId.TrimExcess(_all.Count * 2);
        }
    }
}
