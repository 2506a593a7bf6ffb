using HybridRouter.Configuration;

namespace HybridRouter.Quota.Queue;

/// <summary>The requests of one tenant at one priority, first come first served. The oldest one lends its standing to all.</summary>
internal sealed class TenantFlow(RequestPriority priority)
{
    private readonly LinkedList<Waiter> _waiting = new();
    private readonly double[] _start = new double[Aging.Levels];

    public RequestPriority Priority { get; } = priority;

    public int Count => _waiting.Count;

    public double Tokens { get; private set; }

    public Waiter? Head => _waiting.First?.Value;

    public Waiter? Last => _waiting.Last?.Value;

    public IEnumerable<Waiter> Waiting => _waiting;

    /// <summary>Where its oldest request stands; null while none waits.</summary>
    public RequestPriority? Standing { get; private set; }

    /// <summary>Virtual start time of its next request at a standing.</summary>
    public ref double Start(RequestPriority standing) => ref _start[(int)standing];

    public void Add(Waiter waiter)
    {
        waiter.Place = _waiting.AddLast(waiter);
        Tokens += waiter.Request.Tokens;
    }

    public void Remove(Waiter waiter)
    {
        _waiting.Remove(waiter.Place!);
        waiter.Place = null;
        Tokens -= waiter.Request.Tokens;
        if (_waiting.Count == 0)
            Standing = null;
    }

    /// <summary>Looks where its oldest request stands now. A flow that comes anew to a standing saves no turns from before.</summary>
    public void Refresh(TimeSpan now, double[] virtualTimes)
    {
        if (Head?.Standing(now) is not { } standing || standing == Standing)
            return;
        Standing = standing;
        Start(standing) = Math.Max(Start(standing), virtualTimes[(int)standing]);
    }
}
