namespace HybridRouter.Simulator.Control;

/// <summary>Counts and the facts of the newest requests. Thread-safe and bounded.</summary>
internal sealed class RequestLog(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Queue<SimulatedRequestFacts> _newest = new(Math.Min(capacity, 256));
    private long _unknownKeys;
    private long _invalid;

    public bool Enabled => capacity > 0;

    public void CountUnknownKey() => Interlocked.Increment(ref _unknownKeys);

    public void CountInvalid() => Interlocked.Increment(ref _invalid);

    public void Add(SimulatedRequestFacts facts)
    {
        lock (_gate)
        {
            _newest.Enqueue(facts);
            if (_newest.Count > capacity)
                _newest.Dequeue();
        }
    }

    public SimulatedCloudState State(List<SimulatedAccountState> accounts, List<SimulatedFaultState> faults)
    {
        lock (_gate)
            return new(Interlocked.Read(ref _unknownKeys), Interlocked.Read(ref _invalid), accounts, faults, [.. _newest]);
    }

    public void Clear()
    {
        lock (_gate)
        {
            _newest.Clear();
            Interlocked.Exchange(ref _unknownKeys, 0);
            Interlocked.Exchange(ref _invalid, 0);
        }
    }
}
