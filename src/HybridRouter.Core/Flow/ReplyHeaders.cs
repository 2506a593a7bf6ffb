using System.Globalization;
using HybridRouter.Backends;
using HybridRouter.Callers;
using HybridRouter.Callers.Limits;
using HybridRouter.Quota;

namespace HybridRouter.Flow;

/// <summary>
/// The headers of an answer beside those of its route: what the upstream sent and may be relayed, the caller's own limits, what
/// admission did.
/// </summary>
internal static class ReplyHeaders
{
    public const string QueuedMilliseconds = "x-hybridrouter-queued-ms";
    public const string SavedTokens = "x-hybridrouter-saved-tokens";

    public static IReadOnlyList<KeyValuePair<string, string>> Of(BackendReply reply, GatedRequest request, Admission admission)
    {
        List<KeyValuePair<string, string>> headers =
            [.. RateLimitHeaders.Replace(reply.Headers, admission.CallerCharges, admission.CallerLease, admission.CallerRefusal)];
        if (admission.Waited > TimeSpan.Zero)
            headers.Add(new(QueuedMilliseconds, Math.Ceiling(admission.Waited.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture)));
        if (request.SavedTokens > 0)
            headers.Add(new(SavedTokens, request.SavedTokens.ToString(CultureInfo.InvariantCulture)));
        return headers;
    }
}
