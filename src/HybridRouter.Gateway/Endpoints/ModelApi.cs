using HybridRouter.Backends;
using HybridRouter.Flow;
using HybridRouter.Gateway.Http;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Intake;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Gateway.Endpoints;

/// <summary>The operations that reach a model: read the request, run the flow, write the answer.</summary>
internal static class ModelApi
{
    public static void MapModelApi(this IEndpointRouteBuilder routes, GatewayRuntime runtime)
    {
        routes.MapPost("/v1/chat/completions", context => HandleAsync(context, runtime, WireApi.ChatCompletions));
        routes.MapPost("/v1/completions", context => HandleAsync(context, runtime, WireApi.Completions));
        routes.MapPost("/v1/embeddings", context => HandleAsync(context, runtime, WireApi.Embeddings));
    }

    private static async Task HandleAsync(HttpContext context, GatewayRuntime runtime, WireApi api)
    {
        var caller = runtime.ClientKeys.Authenticate(context.Request);
        using var account = new RequestAccount(runtime, context, api, caller.Key);
        var utf8 = await RequestBody.ReadAsync(context, runtime.Table.Current.Options.Server).ConfigureAwait(false);
        using var request = RequestReader.Read(api, utf8, RequestContexts.From(context.Request, caller));
        var answer = await runtime.Flow.RunAsync(request, context.RequestAborted).ConfigureAwait(false);
        await using (answer.ConfigureAwait(false))
            await WriteAsync(context, request, answer, account, runtime.Time).ConfigureAwait(false);
    }

    /// <summary>Writes an answer with the headers that explain it, and tells the account how it ended.</summary>
    public static async Task WriteAsync(HttpContext context, ModelRequest request, FlowAnswer answer, RequestAccount account, TimeProvider time)
    {
        account.Decided(request, answer);
        RouteHeaders.Write(context.Response.Headers, answer.Decision);
        foreach (var (name, value) in answer.Reply.Headers)
            context.Response.Headers[name] = value;
        switch (answer.Reply)
        {
            case BackendReply.Complete complete:
                context.Response.ContentType = "application/json";
                context.Response.ContentLength = complete.Body.Length;
                account.FirstByte(time.GetTimestamp());
                await context.Response.Body.WriteAsync(complete.Body, context.RequestAborted).ConfigureAwait(false);
                account.Ended(RequestOutcome.Ok);
                break;
            case BackendReply.Streaming streaming:
                await StreamAsync(context, request.Api, streaming, account, time).ConfigureAwait(false);
                break;
            case BackendReply.Failed failed:
                account.Ended(RequestOutcome.Failed);
                await OpenAiErrorWriter.WriteAsync(context, failed.Failure.Error).ConfigureAwait(false);
                break;
        }
    }

    private static async Task StreamAsync(HttpContext context, WireApi api, BackendReply.Streaming streaming, RequestAccount account, TimeProvider time)
    {
        var writer = new SseWriter(context, api);
        try
        {
            var whole = await writer.WriteAsync(streaming.Events, time).ConfigureAwait(false);
            if (writer.FirstWrite is { } first)
                account.FirstByte(first);
            account.Ended(whole ? RequestOutcome.Ok : RequestOutcome.Cut);
        }
        catch (BackendStreamException e)
        {
            account.Ended(RequestOutcome.Failed);
            await OpenAiErrorWriter.WriteAsync(context, e.Failure.Error).ConfigureAwait(false);
        }
    }
}
