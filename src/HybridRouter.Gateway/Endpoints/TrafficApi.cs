using System.Text.Json.Nodes;
using HybridRouter.Gateway.Http;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Learning;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Gateway.Endpoints;

/// <summary>
/// <c>POST /v1/feedback</c>: what a caller says of an answer. <c>DELETE /v1/traffic?user=</c> or <c>?caller=</c>: an
/// administrator erases all that is kept of one.
/// </summary>
internal static class TrafficApi
{
    /// <summary>Of a feedback body; ample.</summary>
    private const int MaxFeedbackBytes = 4096;

    private const int MaxNameChars = 512;

    public static void MapTrafficApi(this IEndpointRouteBuilder routes, GatewayRuntime runtime, TrafficServices traffic)
    {
        routes.MapPost("/v1/feedback", async (HttpContext context) =>
        {
            var caller = runtime.ClientKeys.Authenticate(context.Request);
            var utf8 = await RequestBody.ReadAsync(context, MaxFeedbackBytes, $"Feedback takes at most {MaxFeedbackBytes} bytes; text is never kept.").ConfigureAwait(false);
            using var body = JsonBody.Parse(utf8);
            var (id, feedback) = FeedbackReader.Read(body);
            if (!await StoreOf(traffic).AddFeedbackAsync(id, caller.Key, feedback, context.RequestAborted).ConfigureAwait(false))
                throw new ApiException(ApiError.NotFound("There is no such request of yours here; send the 'x-hybridrouter-request-id' of an answer that a model gave you, while it is kept (learning.retentionDays)."));
            List<string> sorts = [.. feedback.Rating is null ? Array.Empty<string>() : ["rating"], .. feedback.Passed is null ? Array.Empty<string>() : ["outcome"]];
            sorts.ForEach(runtime.Meter.Feedback);
            return JsonReply.Write(new JsonObject { ["object"] = "hybridrouter.feedback", ["request_id"] = id, ["kept"] = new JsonArray([.. sorts.Select(s => (JsonNode)s)]) });
        });
        // No page in a browser can send DELETE across origins without asking first, so it needs no content type.
        routes.MapDelete("/v1/traffic", async (HttpContext context) =>
        {
            if (!runtime.ClientKeys.Authenticate(context.Request).Admin)
                throw new ApiException(new ApiError(403, "invalid_request_error", "admin_only", "Only a client key with 'admin': true (server.clientKeys) may erase traffic."));
            var (owner, store) = (Owner(context.Request.Query), StoreOf(traffic));
            await traffic.Recorder!.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            var erased = await store.EraseAsync(owner, context.RequestAborted).ConfigureAwait(false);
            return JsonReply.Write(new JsonObject
            {
                ["object"] = "hybridrouter.traffic.erased",
                ["requests"] = erased.Requests,
                ["signals"] = erased.Signals,
                ["prompts"] = erased.Prompts,
                ["clean"] = erased.Clean,
            });
        });
    }

    private static TrafficStore StoreOf(TrafficServices traffic) =>
        traffic.Store ?? throw new ApiException(new ApiError(404, "invalid_request_error", "learning_off", "This gateway keeps no traffic; its operator can set learning.enabled, with a storage folder."));

    private static TrafficOwner Owner(IQueryCollection query)
    {
        var (user, caller) = (query["user"].ToString(), query["caller"].ToString());
        if (user.Length == 0 == (caller.Length == 0) || query["user"].Count > 1 || query["caller"].Count > 1)
            throw new ApiException(ApiError.Invalid("Say whose traffic to erase: ?user=NAME or ?caller=KEYNAME, one of both and once.", "user"));
        if (user.Length > MaxNameChars || caller.Length > MaxNameChars)
            throw new ApiException(ApiError.Invalid($"A name has at most {MaxNameChars} characters.", user.Length > 0 ? "user" : "caller"));
        return user.Length > 0 ? TrafficOwner.OfUser(user) : TrafficOwner.OfCaller(caller);
    }
}
