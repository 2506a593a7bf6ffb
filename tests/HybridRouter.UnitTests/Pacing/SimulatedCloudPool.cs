using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Pacing;

/// <summary>A pool of cloud quota in one bucket, with a queue in front of it. Time is what it is told.</summary>
/// <param name="perSecond">Tokens refilled.</param>
/// <param name="capacity">Tokens when full.</param>
/// <param name="patience">Longest wait, seconds; who would wait longer is refused at once.</param>
/// <param name="reserve">Tokens reserved for each that is used.</param>
internal sealed class SimulatedCloudPool(double perSecond, double capacity, double patience, double reserve)
{
    private readonly PriorityQueue<double, double> _settlements = new();
    private readonly Queue<(SimulatedPrompt Prompt, int Replica)> _waiting = new();
    private readonly Dictionary<int, double> _queued = [];
    private double _missing;
    private double _now;

    private double Level => capacity - _missing;

    /// <summary>Seconds that each request waited which was served.</summary>
    public List<double> Waits { get; } = [];

    /// <summary>Tokens used by what was begun.</summary>
    public double Used { get; private set; }

    public QuotaOutlook Outlook(int replica) => new(
        [new QuotaLine(MeterUnit.Tokens, Level, capacity, perSecond, TimeSpan.FromSeconds(_missing / perSecond))],
        _queued.GetValueOrDefault(replica));

    /// <returns>False: it would wait too long.</returns>
    public bool Ask(SimulatedPrompt prompt, int replica)
    {
        var tokens = prompt.Tokens * reserve;
        if (_waiting.Count == 0 && Level >= tokens)
        {
            Begin(prompt, prompt.At);
            return true;
        }
        if ((_queued.Values.Sum() + tokens - Level) / perSecond > patience)
            return false;
        _waiting.Enqueue((prompt, replica));
        _queued[replica] = _queued.GetValueOrDefault(replica) + tokens;
        return true;
    }

    /// <summary>Lets time pass: refill, ends of requests, and the queue.</summary>
    public void PassTo(double time)
    {
        while (Next() is var next && next <= time)
        {
            MoveTo(next);
            while (_settlements.TryPeek(out var unused, out var at) && at <= _now)
            {
                _settlements.Dequeue();
                _missing = Math.Max(0, _missing - unused);
            }
            while (_waiting.TryPeek(out var first) && Level >= (first.Prompt.Tokens * reserve) - 1e-6)
            {
                _waiting.Dequeue();
                _queued[first.Replica] -= first.Prompt.Tokens * reserve;
                Begin(first.Prompt, _now);
            }
        }
        MoveTo(time);
    }

    private double Next()
    {
        var next = _settlements.TryPeek(out _, out var at) ? at : double.MaxValue;
        return _waiting.TryPeek(out var first) ? Math.Min(next, _now + (Math.Max(0, (first.Prompt.Tokens * reserve) - Level) / perSecond)) : next;
    }

    private void MoveTo(double time)
    {
        _missing = Math.Max(0, _missing - ((time - _now) * perSecond));
        _now = time;
    }

    private void Begin(SimulatedPrompt prompt, double at)
    {
        _missing += prompt.Tokens * reserve;
        Used += prompt.Tokens;
        Waits.Add(at - prompt.At);
        // Half a second to the first token, then 200 tokens a second.
        _settlements.Enqueue(prompt.Tokens * (reserve - 1), at + 0.5 + (prompt.Tokens / 200));
    }
}
