using HybridRouter.Gateway.Http;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Gateway.Endpoints;

/// <summary>What belongs to the Responses API beside creating one.</summary>
internal static class ResponsesApi
{
    public static void MapResponsesApi(this IEndpointRouteBuilder routes, GatewayRuntime runtime)
    {
        // Codex with its built-in provider tries a WebSocket first; only 426 makes it fall back at once.
        routes.MapGet("/v1/responses", context => OpenAiErrorWriter.WriteAsync(context, context.Request.Headers.ContainsKey("Upgrade")
            ? new ApiError(426, "invalid_request_error", "websocket_not_supported", "WebSockets are not served here; send POST /v1/responses.")
            : new ApiError(405, "invalid_request_error", "method_not_allowed", "Responses cannot be listed; GET /v1/responses/{id} reads one.")));
    }
}
