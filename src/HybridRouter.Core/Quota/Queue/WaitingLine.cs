using HybridRouter.Configuration;

namespace HybridRouter.Quota.Queue;

/// <summary>
/// Decides who is next, and nothing else: no clock, no lock, no I/O.
/// <para>Between priorities: the highest standing first (<see cref="Aging"/>). Between tenants of one standing: start-time
/// fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996), weighted by tokens: each request has a virtual start, which is
/// where the one before it of its tenant ended, or the virtual time when its tenant had none; the least start is next,
/// and becomes the virtual time. So two tenants that both always wait never differ by more than the largest request of
/// each. Within a tenant: in order of arrival.</para>
/// <para>Nobody is let past the one who is next: a large request would starve behind small ones.</para>
/// <para>When all places are taken: the last of the longest flow goes (Demers, Keshav, Shenker, SIGCOMM 1989), those of
/// lower standing first, so that a flood takes places from nobody else.</para>
/// </summary>
internal sealed class WaitingLine
{
    private readonly Dictionary<(string Tenant, RequestPriority Priority), TenantFlow> _flows = [];
    private readonly SortedSet<Waiter> _byExpiry = new(Comparer<Waiter>.Create(static (a, b) => (a.Until, a.Number).CompareTo((b.Until, b.Number))));

    // By standing: the start of the last request let through, and the latest end of any.
    private readonly double[] _virtualTime = new double[Aging.Levels];
    private readonly double[] _latestEnd = new double[Aging.Levels];
    private long _arrivals;

    public int Count => _byExpiry.Count;

    public double Tokens { get; private set; }

    public Waiter? FirstToExpire => _byExpiry.Min;

    public IEnumerable<Waiter> Waiting => _byExpiry;

    /// <summary>Tenants that are remembered: those who wait, and those served so lately that they have to let others go first.</summary>
    public int Flows => _flows.Count;

    public void Add(Waiter waiter, TimeSpan now)
    {
        Refresh(now);
        waiter.Number = ++_arrivals;
        var key = (waiter.Request.Tenant, waiter.Request.Priority);
        if (!_flows.TryGetValue(key, out var flow))
            _flows.Add(key, flow = new TenantFlow(key.Priority));
        flow.Add(waiter);
        flow.Refresh(now, _virtualTime);
        _byExpiry.Add(waiter);
        Tokens += waiter.Request.Tokens;
    }

    /// <summary>It goes without having been served, and so pays nothing.</summary>
    /// <returns>False when it does not wait.</returns>
    public bool Remove(Waiter waiter)
    {
        if (waiter.Place is null)
            return false;
        _flows[(waiter.Request.Tenant, waiter.Request.Priority)].Remove(waiter);
        _byExpiry.Remove(waiter);
        Tokens -= waiter.Request.Tokens;
        return true;
    }

    /// <summary>It is served: it leaves, and its tenant's next turn moves back by what it took.</summary>
    /// <param name="waiter">As <see cref="Next"/> gave it, and still waiting.</param>
    public void Serve(Waiter waiter)
    {
        var flow = _flows[(waiter.Request.Tenant, waiter.Request.Priority)];
        var standing = flow.Standing!.Value;
        ref var start = ref flow.Start(standing);
        _virtualTime[(int)standing] = Math.Max(_virtualTime[(int)standing], start);
        start += waiter.Cost(standing);
        _latestEnd[(int)standing] = Math.Max(_latestEnd[(int)standing], start);
        Remove(waiter);
    }

    public Waiter? Next(TimeSpan now)
    {
        Refresh(now);
        TenantFlow? best = null;
        foreach (var flow in _flows.Values)
        {
            if (flow.Standing is not null && (best is null || Order(flow).CompareTo(Order(best)) < 0))
                best = flow;
        }
        return best?.Head;
    }

    /// <summary>Whether somebody waits whom a new request of this priority may not overtake.</summary>
    public bool Blocks(RequestPriority priority, TimeSpan now)
    {
        Refresh(now);
        return _flows.Values.Any(f => f.Standing <= priority);
    }

    /// <summary>Who gives its place to a request that comes now, when there is no other; null when nobody has to.</summary>
    public Waiter? Yields(QueueRequest request, TimeSpan now)
    {
        Refresh(now);
        var own = _flows.GetValueOrDefault((request.Tenant, request.Priority))?.Count ?? 0;
        var longest = _flows.Values
            .Where(f => f.Last is { Trying: false } && (f.Standing > request.Priority || (f.Standing == request.Priority && f.Count > own + 1)))
            .MaxBy(f => (f.Standing!.Value, f.Count));
        return longest?.Last;
    }

    /// <summary>Those who would be served before a request that came now, as far as is known now.</summary>
    public (double Tokens, int Requests) Ahead(QueueRequest request, TimeSpan now)
    {
        Refresh(now);
        var (tokens, requests) = (0.0, 0);
        var own = _flows.GetValueOrDefault((request.Tenant, request.Priority));
        var start = Math.Max(own?.Start(request.Priority) ?? 0, _virtualTime[(int)request.Priority]) + (own?.Tokens ?? 0);
        foreach (var flow in _flows.Values)
        {
            if (flow == own || flow.Priority < request.Priority)
            {
                (tokens, requests) = (tokens + flow.Tokens, requests + flow.Count);
                continue;
            }
            var turn = Math.Max(flow.Start(request.Priority), _virtualTime[(int)request.Priority]);
            foreach (var waiter in flow.Waiting)
            {
                var standing = waiter.Standing(now);
                if (standing > request.Priority || (standing == request.Priority && turn > start))
                    break;
                if (standing == request.Priority)
                    turn += waiter.Cost(standing);
                (tokens, requests) = (tokens + waiter.Request.Tokens, requests + 1);
            }
        }
        return (tokens, requests);
    }

    /// <summary>All who stand at this priority or above.</summary>
    public (double Tokens, int Requests) Ahead(RequestPriority priority, TimeSpan now)
    {
        Refresh(now);
        var (tokens, requests) = (0.0, 0);
        foreach (var flow in _flows.Values)
        {
            if (flow.Standing <= priority)
                (tokens, requests) = (tokens + flow.Tokens, requests + flow.Count);
        }
        return (tokens, requests);
    }

    private static (RequestPriority, double, long) Order(TenantFlow flow) => (flow.Standing!.Value, flow.Start(flow.Standing.Value), flow.Head!.Number);

    private void Refresh(TimeSpan now)
    {
        Span<bool> busy = stackalloc bool[Aging.Levels];
        foreach (var flow in _flows.Values)
        {
            flow.Refresh(now, _virtualTime);
            if (flow.Standing is { } standing)
                busy[(int)standing] = true;
        }
        // Where nobody waits any more, all who were served begin equal.
        for (var level = 0; level < Aging.Levels; level++)
        {
            if (!busy[level])
                _virtualTime[level] = Math.Max(_virtualTime[level], _latestEnd[level]);
        }
        foreach (var (key, flow) in _flows)
        {
            if (flow.Standing is null && !IsAhead(flow))
                _flows.Remove(key);
        }
    }

    private bool IsAhead(TenantFlow flow)
    {
        for (var level = 0; level < Aging.Levels; level++)
        {
            if (flow.Start((RequestPriority)level) > _virtualTime[level])
                return true;
        }
        return false;
    }
}
