using HybridRouter.Diagnostics;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Gateway.Http;

/// <summary>Outermost middleware: gives each request its id and turns whatever was thrown into an OpenAI-shaped error.</summary>
internal sealed partial class ErrorBoundary(RequestDelegate next, RouterMeter meter, ILogger<ErrorBoundary> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var id = "req_" + Guid.CreateVersion7().ToString("N");
        context.TraceIdentifier = id;
        context.Response.Headers[RouteHeaders.RequestId] = id;
        // What the SDKs show as request id; a provider's own takes its place in what the provider answered.
        context.Response.Headers["x-request-id"] = id;
        try
        {
            await next(context).ConfigureAwait(false);
            if (context.Response is { HasStarted: false, StatusCode: 404 or 405, ContentLength: null, ContentType: null })
                await RefuseAsync(context, Unrouted(context)).ConfigureAwait(false);
        }
        catch (ApiException e)
        {
            await RefuseAsync(context, e.Error).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e)
        {
            await RefuseAsync(context, new ApiError(e.StatusCode, "invalid_request_error", "bad_request", "The HTTP request is malformed or was cut off.")).ConfigureAwait(false);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone; there is nobody to tell.
        }
        catch (Exception e)
        {
            LogUnexpected(e, id);
            // Half an answer must not end like a whole one.
            if (context.Response.HasStarted)
                context.Abort();
            await RefuseAsync(context, new ApiError(500, "server_error", "internal_error", $"The gateway failed unexpectedly; its log has the cause under {id}.")).ConfigureAwait(false);
        }
    }

    private Task RefuseAsync(HttpContext context, ApiError error)
    {
        meter.Refused(error.Code ?? error.Type);
        return OpenAiErrorWriter.WriteAsync(context, error);
    }

    private static ApiError Unrouted(HttpContext context) => context.Response.StatusCode == 405
        ? new ApiError(405, "invalid_request_error", "method_not_allowed", $"{context.Request.Method} is not allowed on this path.")
        : new ApiError(404, "invalid_request_error", "unknown_url", "There is no such path here. The API is below /v1, for example POST /v1/chat/completions.");

    [LoggerMessage(EventId = 3001, Level = LogLevel.Error, Message = "Request {RequestId} failed unexpectedly")]
    private partial void LogUnexpected(Exception e, string requestId);
}
