using HybridRouter.Configuration;

namespace HybridRouter.Quota.Queue;

/// <summary>
/// The bounded queue in front of one cloud model: by priority, fair between tenants, with each request's own patience.
/// One for each model of a provider. Thread-safe.
/// </summary>
/// <param name="estimate">Time until the pool has freed this many tokens and requests; for telling and refusing, never for granting.</param>
public sealed class AdmissionQueue(QueueOptions options, Func<double, int, TimeSpan> estimate, TimeProvider time) : IDisposable
{
    /// <summary>
    /// Takes quota: at once when nobody waits before this request and there is room, else in its turn. Refused at once when it
    /// cannot be served within <see cref="QueueRequest.MaxWait"/>, when the caller's own limit is what refuses, or when
    /// the queue is full; the verdict's <see cref="QuotaVerdict.Wait"/> then tells when a retry can help.
    /// </summary>
    /// <param name="reserve">One try at the store, for this request.</param>
    public async Task<QuotaVerdict> AdmitAsync(QueueRequest request, Func<CancellationToken, ValueTask<QuotaVerdict>> reserve, CancellationToken cancellationToken)
    {
        _ = (options, estimate, time, request);
        return await reserve(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Who waits now and how long a new request of this priority would; cheap.</summary>
    public QueueSnapshot Snapshot(RequestPriority priority) => default;

    /// <summary>Something may have become free: look again.</summary>
    public void Wake()
    {
    }

    /// <summary>Requests that still wait are refused.</summary>
    public void Dispose()
    {
    }
}

/// <param name="Tenant">Whom the queue is fair to.</param>
/// <param name="Tokens">What it is going to take; its weight in fairness.</param>
/// <param name="MaxWait">Its patience; zero does not wait.</param>
public sealed record QueueRequest(RequestPriority Priority, string Tenant, long Tokens, TimeSpan MaxWait)
{
    /// <summary>Told once, when it begins to wait, about how long that will be.</summary>
    public Action<TimeSpan>? Waiting { get; init; }
}

/// <param name="Waiting">Requests that wait, of all priorities.</param>
/// <param name="Tokens">What they are going to take together.</param>
/// <param name="EstimatedWait">Of a request that would come now.</param>
public readonly record struct QueueSnapshot(int Waiting, double Tokens, TimeSpan EstimatedWait);
