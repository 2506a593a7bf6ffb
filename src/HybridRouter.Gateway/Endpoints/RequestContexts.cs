using System.Globalization;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Gateway.Endpoints;

internal static class RequestContexts
{
    public const string Priority = "x-hybridrouter-priority";
    public const string Timeout = "x-hybridrouter-timeout-seconds";

    private const double MaxTimeoutSeconds = 86_400;

    private static readonly string[] SessionHeaders = ["session-id", "x-session-id", "x-session-affinity"];

    /// <summary>Authorization is not among them: the caller's key never travels upstream.</summary>
    private static readonly string[] Forwarded = ["OpenAI-Beta", "X-Client-Request-Id", "Idempotency-Key"];

    /// <exception cref="ApiException">400 that names the header at fault.</exception>
    public static RequestContext From(HttpRequest request, CallerIdentity caller)
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
        return new RequestContext(caller, session) { RequestId = request.HttpContext.TraceIdentifier, ForwardHeaders = forward ?? [], Priority = ReadPriority(request.Headers), Timeout = ReadTimeout(request.Headers) };
    }

    private static RequestPriority? ReadPriority(IHeaderDictionary headers) => !headers.TryGetValue(Priority, out var value) ? null : value.ToString().Trim().ToLowerInvariant() switch
    {
        "interactive" => RequestPriority.Interactive,
        "background" => RequestPriority.Background,
        "batch" => RequestPriority.Batch,
        _ => throw Bad(Priority, "must be interactive, background or batch"),
    };

    private static TimeSpan? ReadTimeout(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(Timeout, out var value))
            return null;
        return double.TryParse(value.ToString().Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= MaxTimeoutSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw Bad(Timeout, "must be a number of seconds from 1 to 86400");
    }

    private static ApiException Bad(string header, string what) => new(ApiError.Invalid($"The header '{header}' {what}.", header));
}
