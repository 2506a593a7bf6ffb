using HybridRouter.Configuration;

namespace HybridRouter.Quota;

/// <summary>Tokens that one request is expected to use at one model.</summary>
/// <param name="Input">Input as counted by the tokenizer, corrected by what the model reported before.</param>
/// <param name="Output">A high quantile of what was learned, never more than <paramref name="MaxOutput"/>.</param>
/// <param name="MaxOutput">The most that the request allows; null = it does not say.</param>
public readonly record struct TokenEstimate(long Input, long Output, long? MaxOutput)
{
    public long Total => Input + Output;
}

/// <summary>
/// The quota side of serving one request by one model: what it is expected to use, whose limits it is charged to, how
/// long it may wait, and what is held for it. Made before the call, settled once after it. Not thread-safe, but for
/// <see cref="SettleAsync"/>, which may be called by whoever ends the request first.
/// </summary>
public sealed class Admission(IQuotaStore store)
{
    private readonly Lock _gate = new();
    private QuotaLease? _caller;
    private QuotaLease? _upstream;
    private Action<IReadOnlyList<long>>? _upstreamSettled;
    private int _settled;

    public TokenEstimate Estimate { get; init; }

    /// <summary>The caller's limits, for this model's price.</summary>
    public IReadOnlyList<Charge> CallerCharges { get; init; } = [];

    /// <summary>False: another attempt was charged to the caller as the request already; what this one uses is charged all the same. Default true.</summary>
    public bool CountsRequest { get; init; } = true;

    /// <summary>Millionths of a US dollar that a usage costs at this model.</summary>
    public Func<UsedTokens, long> Price { get; init; } = static _ => 0;

    /// <summary>How many upstream tokens an output token counts as.</summary>
    public double OutputWeight { get; init; } = 1;

    public RequestPriority Priority { get; init; }

    /// <summary>Whom the queue is fair to; the client key's name, or the address on an open gateway.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>Longest wait for quota. Zero: do not wait.</summary>
    public TimeSpan MaxWait { get; init; }

    /// <summary>Until the caller's own deadline for the whole request; null = it has none.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>The conversation, for a key's prompt cache; null = none.</summary>
    public string? SessionKey { get; init; }

    /// <summary>Holds the caller's charges; null before they are reserved and once they are settled.</summary>
    public QuotaLease? CallerLease
    {
        get
        {
            lock (_gate)
                return _caller;
        }
    }

    /// <summary>Charges that a first reservation must include: none once the caller's lease is held.</summary>
    public IReadOnlyList<Charge> UnheldCallerCharges
    {
        get
        {
            lock (_gate)
                return _caller is null ? CallerCharges : [];
        }
    }

    /// <summary>The verdict when a limit of the caller refused; set by whoever reserved, for the headers of the answer.</summary>
    public QuotaVerdict? CallerRefusal { get; set; }

    /// <summary>Told when it begins to wait for quota, about how long that will be; null = nobody wants to know.</summary>
    public Action<TimeSpan>? Waiting { get; init; }

    /// <summary>How long it waited for quota; set by whoever made it wait.</summary>
    public TimeSpan Waited { get; set; }

    /// <summary>Takes over the leases of a verdict. An upstream lease held before must have been settled.</summary>
    /// <param name="upstreamSettled">Told once, before the store is, the amounts that the upstream lease is settled with; must not throw.</param>
    public void Hold(QuotaVerdict granted, Action<IReadOnlyList<long>>? upstreamSettled = null)
    {
        lock (_gate)
        {
            _caller ??= granted.Common;
            (_upstream, _upstreamSettled) = (granted.Option, upstreamSettled);
        }
    }

    /// <summary>An attempt failed: settles the upstream lease alone, with what the upstream is taken to have counted.</summary>
    public ValueTask SettleAttemptAsync(UsedTokens used) => SettleUpstreamAsync(lease => Amounts(lease, used, OutputWeight, requests: 1));

    /// <summary>An attempt that the upstream did not count, as it refused it or never saw it: gives the upstream lease back.</summary>
    /// <param name="kept">By charge of the lease: true where the meter was just set to what the upstream says, so that nothing is to be given back. Null: nowhere.</param>
    public ValueTask ReturnAttemptAsync(IReadOnlyList<bool>? kept = null) => SettleUpstreamAsync(lease =>
    {
        var amounts = new long[lease.Charges.Count];
        for (var i = 0; i < amounts.Length; i++)
            amounts[i] = kept is not null && kept[i] ? lease.Charges[i].Amount : 0;
        return amounts;
    });

    /// <summary>The end of the request at this model, whichever way it came. Only the first call counts.</summary>
    /// <param name="counted">False: the request goes on at another model, so not even a request is charged to the caller.</param>
    public async ValueTask SettleAsync(UsedTokens used, bool counted = true)
    {
        if (Interlocked.Exchange(ref _settled, 1) != 0)
            return;
        await SettleAttemptAsync(used).ConfigureAwait(false);
        QuotaLease? caller;
        lock (_gate)
            (caller, _caller) = (_caller, null);
        if (caller is not null)
            await store.SettleAsync(caller, counted ? Amounts(caller, used, 1, CountsRequest ? 1 : 0) : new long[caller.Charges.Count]).ConfigureAwait(false);
    }

    private ValueTask SettleUpstreamAsync(Func<QuotaLease, long[]> amounts)
    {
        QuotaLease? upstream;
        Action<IReadOnlyList<long>>? told;
        lock (_gate)
            (upstream, told, _upstream, _upstreamSettled) = (_upstream, _upstreamSettled, null, null);
        if (upstream is null)
            return ValueTask.CompletedTask;
        var used = amounts(upstream);
        told?.Invoke(used);
        return store.SettleAsync(upstream, used);
    }

    private long[] Amounts(QuotaLease lease, UsedTokens used, double outputWeight, long requests)
    {
        var amounts = new long[lease.Charges.Count];
        for (var i = 0; i < amounts.Length; i++)
        {
            amounts[i] = lease.Charges[i].Meter.Unit switch
            {
                MeterUnit.Requests => requests,
                MeterUnit.Tokens => used.Input + (long)Math.Ceiling(used.Output * outputWeight),
                MeterUnit.MicroDollars => Price(used),
                _ => 0,
            };
        }
        return amounts;
    }
}

/// <summary>Tokens that a request really used.</summary>
/// <param name="CachedInput">Part of <paramref name="Input"/> that came from the provider's prompt cache.</param>
public readonly record struct UsedTokens(long Input, long Output, long CachedInput = 0)
{
    public static readonly UsedTokens None = default;
}
