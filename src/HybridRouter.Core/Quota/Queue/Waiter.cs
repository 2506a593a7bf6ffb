using HybridRouter.Configuration;

namespace HybridRouter.Quota.Queue;

/// <summary>A request in the line. Times count from the beginning of the queue.</summary>
internal class Waiter(QueueRequest request, TimeSpan since)
{
    public QueueRequest Request { get; } = request;

    public TimeSpan Since { get; } = since;

    /// <summary>When its patience ends.</summary>
    public TimeSpan Until { get; } = since + request.MaxWait;

    /// <summary>Order of arrival.</summary>
    public long Number { get; set; }

    /// <summary>Its place among those of its tenant; null when it does not wait.</summary>
    public LinkedListNode<Waiter>? Place { get; set; }

    /// <summary>A try is under way. Its outcome decides, whatever happens meanwhile.</summary>
    public bool Trying { get; set; }

    public RequestPriority Standing(TimeSpan now) => Aging.Standing(Request.Priority, now - Since, Request.MaxWait);

    /// <summary>What it pays in the fair share; at least 1, so that requests without tokens take turns, too.</summary>
    public double Cost(RequestPriority standing) => Math.Max(1, Request.Tokens) * (standing < Request.Priority ? Aging.Surcharge : 1);
}
