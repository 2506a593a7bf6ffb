using HybridRouter.Gateway.Http;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Intake;
using HybridRouter.Quota.Queue;
using HybridRouter.Responses;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Gateway.Endpoints;

/// <summary>Responses: as the other operations, and stored, so that they can be read, continued and cancelled.</summary>
internal static class ResponsesApi
{
    public static void MapResponsesApi(this IEndpointRouteBuilder routes, GatewayRuntime runtime, ResponseServices responses)
    {
        routes.MapPost("/v1/responses", context => CreateAsync(context, runtime, responses));
        // Codex with its built-in provider tries a WebSocket first; only 426 makes it fall back at once.
        routes.MapGet("/v1/responses", context => OpenAiErrorWriter.WriteAsync(context, context.Request.Headers.ContainsKey("Upgrade")
            ? new ApiError(426, "invalid_request_error", "websocket_not_supported", "WebSockets are not served here; send POST /v1/responses.")
            : new ApiError(405, "invalid_request_error", "method_not_allowed", "Responses cannot be listed; GET /v1/responses/{id} reads one.")));
        routes.MapGet("/v1/responses/{id}", async (HttpContext context, string id) =>
        {
            if (context.Request.Query["stream"] == "true")
                throw new ApiException(ApiError.Invalid("Only background responses can be streamed again; read this one without 'stream'.", "stream"));
            return Json((await FindAsync(context, runtime, responses, id).ConfigureAwait(false)).Response);
        });
        routes.MapGet("/v1/responses/{id}/input_items", async (HttpContext context, string id) =>
        {
            var stored = await FindAsync(context, runtime, responses, id).ConfigureAwait(false);
            var query = context.Request.Query;
            return Json(InputItemsPage.Write(stored, query["limit"], query["order"], query["after"]));
        });
        routes.MapDelete("/v1/responses/{id}", async (HttpContext context, string id) =>
        {
            var caller = runtime.ClientKeys.Authenticate(context.Request);
            if (responses.Store is null || !await responses.Store.DeleteAsync(id, caller.Key, context.RequestAborted).ConfigureAwait(false))
                throw NotFound(id);
            return JsonReply.Write(new System.Text.Json.Nodes.JsonObject { ["id"] = id, ["object"] = "response.deleted", ["deleted"] = true });
        });
        routes.MapPost("/v1/responses/{id}/cancel", (HttpContext context, string id) => CancelAsync(context, runtime, responses, id));
    }

    private static async Task CreateAsync(HttpContext context, GatewayRuntime runtime, ResponseServices responses)
    {
        var caller = runtime.ClientKeys.Authenticate(context.Request);
        using var account = new RequestAccount(runtime, context, WireApi.Responses, caller.Key);
        using var sent = JsonBody.Parse(await RequestBody.ReadAsync(context, runtime.Table.Current.Options.Server).ConfigureAwait(false));
        using var body = await ExpandAsync(sent, responses, caller.Key, context.RequestAborted).ConfigureAwait(false);
        using var request = RequestReader.Read(WireApi.Responses, body, RequestContexts.From(context.Request, caller)) with { Wait = new WaitNotice(runtime.Time) };
        using var recording = responses.Recorder.Begin(sent, caller.Key, context.RequestAborted);
        await ModelApi.AnswerAsync(context, request, account, runtime, recording).ConfigureAwait(false);
    }

    /// <summary>The body with the conversation that it continues written out; the body itself when it continues none.</summary>
    private static async Task<JsonBody> ExpandAsync(JsonBody sent, ResponseServices responses, string? caller, CancellationToken cancellationToken)
    {
        if (ResponseExpansion.PreviousId(sent) is not { } previous)
            return sent;
        var history = responses.Store is { } store
            ? await store.HistoryAsync(previous, caller, cancellationToken).ConfigureAwait(false)
            : throw ConversationHistory.NotFound(previous);
        return ResponseExpansion.Expand(sent, history);
    }

    private static async Task<IResult> CancelAsync(HttpContext context, GatewayRuntime runtime, ResponseServices responses, string id)
    {
        var caller = runtime.ClientKeys.Authenticate(context.Request);
        if (await responses.Running.CancelAsync(id, caller.Key, context.RequestAborted).ConfigureAwait(false) is { } cancelled)
            return Json(cancelled);
        await FindAsync(context, runtime, responses, id).ConfigureAwait(false);
        throw new ApiException(ApiError.Invalid("This response has ended; only one that is in progress can be cancelled.", "response_id"));
    }

    private static async Task<StoredResponse> FindAsync(HttpContext context, GatewayRuntime runtime, ResponseServices responses, string id)
    {
        var caller = runtime.ClientKeys.Authenticate(context.Request);
        var stored = responses.Store is null ? null : await responses.Store.FindAsync(id, caller.Key, context.RequestAborted).ConfigureAwait(false);
        return stored ?? throw NotFound(id);
    }

    private static ApiException NotFound(string id) => new(ApiError.NotFound($"Response with id '{(id.Length <= 100 ? id : id[..100])}' not found."));

    private static IResult Json(ReadOnlyMemory<byte> utf8) => Results.Bytes(utf8, "application/json");
}
