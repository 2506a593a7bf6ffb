using HybridRouter.Configuration;

namespace HybridRouter.Quota.Queue;

/// <param name="Tenant">Whom the queue is fair to.</param>
/// <param name="Tokens">What it is going to take; its weight in fairness.</param>
/// <param name="MaxWait">Its patience; zero does not wait.</param>
public sealed record QueueRequest(RequestPriority Priority, string Tenant, long Tokens, TimeSpan MaxWait)
{
    /// <summary>Told once, when it begins to wait, about how long that will be. Must not throw.</summary>
    public Action<TimeSpan>? Waiting { get; init; }
}

/// <param name="Waiting">Requests that wait, of all priorities.</param>
/// <param name="Tokens">What they are going to take together.</param>
/// <param name="EstimatedWait">Of a request that would come now and stand behind all of its priority and above.</param>
public readonly record struct QueueSnapshot(int Waiting, double Tokens, TimeSpan EstimatedWait);
