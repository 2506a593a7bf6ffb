using HybridRouter.Quota;
using HybridRouter.Wire;

namespace HybridRouter.Backends.Cloud;

/// <summary>Words a refusal of quota for the flow and, when nothing else answers, for the client.</summary>
internal static class PoolRefusal
{
    /// <summary>A store that is away is asked again soon by everybody; a little longer than its own timeout.</summary>
    private static readonly TimeSpan StoreAwayWait = TimeSpan.FromSeconds(2);

    public static BackendFailure Create(string provider, KeyPool pool, QuotaVerdict verdict, long tokens)
    {
        switch (verdict.Refusal)
        {
            case QuotaRefusal.Common:
                return new BackendFailure(FailureKind.CallerLimited, CallerLimitError.Create(verdict.RefusedBy!, verdict.Wait));
            case QuotaRefusal.StoreAway:
                return new BackendFailure(FailureKind.StoreAway, ApiError.Unavailable("Limits cannot be counted at the moment, so nothing is sent to the cloud; try again soon.", verdict.Wait ?? StoreAwayWait));
        }
        var now = pool.Now;
        var reason = OutReason(pool, now);
        if (reason is not null)
            return Out(reason.Value, $"Provider '{provider}' has no usable key: {Describe(provider, reason.Value)}.");
        if (verdict.Wait is not { } wait)
        {
            return new BackendFailure(FailureKind.RateLimited, new ApiError(429, "tokens", "rate_limit_exceeded",
                $"This request needs about {tokens} tokens, more than any key of provider '{provider}' can ever give it at once ({verdict.RefusedBy?.Limit} are the limit). Shorten its input or lower its largest output."));
        }
        if (verdict.RefusedBy is { Unit: MeterUnit.MicroDollars })
            return new BackendFailure(FailureKind.QuotaExhausted, ApiError.QuotaExhausted($"The budget for provider '{provider}' is spent. It begins anew in about {CallerLimitError.Words(wait)}."));
        var type = verdict.RefusedBy is { Unit: MeterUnit.Tokens } ? "tokens" : "requests";
        var message = $"The rate limit of provider '{provider}' is reached with all of its keys. It frees in about {CallerLimitError.Words(wait)}.";
        return new BackendFailure(FailureKind.RateLimited, new ApiError(429, type, "rate_limit_exceeded", message, RetryAfter: wait));
    }

    /// <summary>Why no key is in service; null when one is.</summary>
    public static FailureKind? OutReason(KeyPool pool, TimeSpan now)
    {
        var soonest = pool.Keys.MinBy(k => k.Key.OutFor(now))!.Key;
        return soonest.OutBy(now) is not { } gate ? null : ReferenceEquals(gate, soonest.Credentials) ? FailureKind.Unauthorized : FailureKind.QuotaExhausted;
    }

    public static string Describe(string provider, FailureKind why) => why switch
    {
        FailureKind.Unauthorized => $"'{provider}' refused its credentials",
        _ => $"the quota of '{provider}' is spent",
    };

    public static BackendFailure Unauthorized(string message) => new(FailureKind.Unauthorized, new ApiError(502, "server_error", "upstream_credentials", message));

    private static BackendFailure Out(FailureKind why, string message) =>
        why == FailureKind.Unauthorized ? Unauthorized(message) : new BackendFailure(why, ApiError.QuotaExhausted(message));
}
