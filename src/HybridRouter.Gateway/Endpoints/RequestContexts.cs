using HybridRouter.Intake;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Gateway.Endpoints;

internal static class RequestContexts
{
    private static readonly string[] SessionHeaders = ["session-id", "x-session-id", "x-session-affinity"];

    /// <summary>Authorization is not among them: the caller's key never travels upstream.</summary>
    private static readonly string[] Forwarded = ["OpenAI-Beta", "X-Client-Request-Id", "Idempotency-Key"];

    public static RequestContext From(HttpRequest request, string? caller)
    {
        string? session = null;
        foreach (var name in SessionHeaders)
            session ??= request.Headers.TryGetValue(name, out var value) && value.Count > 0 && value[0]!.Length is > 0 and <= 256 ? value[0] : null;
        List<KeyValuePair<string, string>>? forward = null;
        foreach (var name in Forwarded)
        {
            // HttpClient refuses to send what is not ASCII, which would look like a failure of the upstream.
            if (request.Headers.TryGetValue(name, out var value) && System.Text.Ascii.IsValid(value.ToString()))
                (forward ??= []).Add(new(name, value.ToString()));
        }
        return forward is null ? new RequestContext(caller, session) : new RequestContext(caller, session) { ForwardHeaders = forward };
    }
}
