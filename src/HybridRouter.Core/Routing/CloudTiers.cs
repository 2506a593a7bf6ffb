namespace HybridRouter.Routing;

/// <summary>
/// The cloud models that can serve a request, in the order in which they are tried: provisioned capacity while the request
/// fits into it, since it is paid for anyway, then what takes the rest. Known before the call, not after a refusal. Pure.
/// </summary>
internal sealed class CloudTiers
{
    private readonly IReadOnlyList<Candidate> _able;
    private readonly IReadOnlyList<Candidate> _ordered;

    private CloudTiers(IReadOnlyList<Candidate> able) => (_able, _ordered) = (able, [.. able.OrderBy(Rank)]);

    public int Count => _ordered.Count;

    public bool AnyAvailable => _ordered.Any(c => c.Status.Available);

    /// <summary>Why none of them is available.</summary>
    public string? WhyNone => _able[0].Status.Reason;

    /// <param name="chain">The model asked for, then its spill targets.</param>
    public static CloudTiers Order(IReadOnlyList<Candidate> chain) => new([.. chain.Where(c => c.Missing is null)]);

    public IReadOnlyList<RouteStep> Steps(string reason)
    {
        if (_able[0] != _ordered[0])
            reason = $"{reason}; '{_able[0].Target.Model.Name}' is {(_able[0].Status.Available ? "full" : "unavailable")}";
        return [.. _ordered.Select(c => new RouteStep(c.Target, reason, IsNotWaitedFor(c) ? TimeSpan.Zero : null))];
    }

    /// <summary>A full tier goes behind those that follow it: by the time they have failed, it may have room. The order is stable.</summary>
    private static int Rank(Candidate tier) => !tier.Status.Available ? 2 : tier.Provisioned && !tier.HasRoom ? 1 : 0;

    private bool IsNotWaitedFor(Candidate tier) => tier.Provisioned && _able.Any(c => c != tier && c.Status.Available);
}
