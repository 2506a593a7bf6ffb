namespace HybridRouter.Simulator.Faults;

/// <summary>The fault rules that are on. Thread-safe; a rule with a number of times acts exactly that often.</summary>
internal sealed class FaultBook
{
    private readonly Lock _gate = new();
    private readonly Random _random;
    private readonly List<Rule> _rules = [];
    // Read without the lock so that a simulator without faults, as in benchmarks, takes none.
    private volatile int _count;

    public FaultBook(IEnumerable<SimulatedFault> faults, Random random)
    {
        _random = random;
        Add(faults);
    }

    public void Add(IEnumerable<SimulatedFault> faults)
    {
        lock (_gate)
        {
            _rules.AddRange(faults.Select(f => new Rule(f)));
            _count = _rules.Count;
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _rules.Clear();
            _count = 0;
        }
    }

    /// <summary>The fault for this request, used up by one, or null.</summary>
    public SimulatedFault? Take(string operation, string model, string keyId)
    {
        if (_count == 0)
            return null;
        lock (_gate)
        {
            foreach (var rule in _rules)
            {
                var fault = rule.Fault;
                if (rule.Left == 0
                    || (fault.Operation is { } o && o != operation)
                    || (fault.Model is { } m && m != model)
                    || (fault.KeyId is { } k && k != keyId)
                    || (fault.Probability < 1 && _random.NextDouble() >= fault.Probability))
                    continue;
                rule.Acted++;
                rule.Left--;
                return fault;
            }
            return null;
        }
    }

    public List<SimulatedFaultState> States()
    {
        lock (_gate)
            return [.. _rules.Select(r => new SimulatedFaultState(r.Fault, r.Acted, r.Left))];
    }

    private sealed class Rule(SimulatedFault fault)
    {
        public SimulatedFault Fault { get; } = fault;

        public long Acted { get; set; }

        public int? Left { get; set; } = fault.Times;
    }
}
