using HybridRouter.Backends;
using HybridRouter.Flow;
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
        using var request = RequestReader.Read(api, utf8, RequestContexts.From(context.Request, caller)) with { Wait = new WaitNotice(runtime.Time) };
        await AnswerAsync(context, request, account, runtime, recording: null).ConfigureAwait(false);
    }

    /// <summary>Runs the flow and writes its answer. A stream that has to wait for it shows life meanwhile.</summary>
    /// <param name="recording">Responses: watches what goes out; null for other operations.</param>
    public static async Task AnswerAsync(HttpContext context, ModelRequest request, RequestAccount account, GatewayRuntime runtime, ResponseRecording? recording)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(recording?.Token ?? context.RequestAborted);
        var flow = runtime.Flow.RunAsync(request, stop.Token);
        var every = TimeSpan.FromSeconds(runtime.Table.Current.Options.Quota.Queue.KeepAliveSeconds);
        var late = new LateAnswer(flow, stop, request.Wait, every, runtime.Time);
        if (request.Stream && !await late.ComesInTimeAsync().ConfigureAwait(false))
        {
            await WriteLateAsync(context, request, late, account, runtime, recording).ConfigureAwait(false);
            return;
        }
        var answer = await flow.ConfigureAwait(false);
        await using (answer.ConfigureAwait(false))
        {
            var recorded = recording is null ? answer : answer with { Reply = await RecordAsync(answer.Reply, recording).ConfigureAwait(false) };
            await WriteAsync(context, request, recorded, account, runtime.Time).ConfigureAwait(false);
        }
    }

    /// <summary>Writes an answer with the headers that explain it, and tells the account how it ended.</summary>
    private static async Task WriteAsync(HttpContext context, ModelRequest request, FlowAnswer answer, RequestAccount account, TimeProvider time)
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

    /// <summary>The recorded reply owns nothing; disposing the answer disposes the reply below it.</summary>
    private static async Task<BackendReply> RecordAsync(BackendReply reply, ResponseRecording recording) => reply switch
    {
        BackendReply.Complete complete => new BackendReply.Complete(await recording.CompleteAsync(complete.Body).ConfigureAwait(false)) { Headers = complete.Headers },
        BackendReply.Streaming streaming => new BackendReply.Streaming(recording.Watch(streaming.Events)) { Headers = streaming.Headers },
        _ => reply,
    };

    /// <summary>The stream begins before the answer is known, so no header tells the route, and a refusal comes as an event.</summary>
    private static async Task WriteLateAsync(
        HttpContext context, ModelRequest request, LateAnswer late, RequestAccount account, GatewayRuntime runtime, ResponseRecording? recording)
    {
        var events = late.Events(
            () => recording is null ? new CommentSigns() : new ResponseSigns(recording.Announce(request.Body.Root)),
            answer => account.Decided(request, answer));
        try
        {
            var whole = await new SseWriter(context, request.Api).WriteAsync(recording is null ? events : recording.Watch(events), runtime.Time).ConfigureAwait(false);
            account.Ended(whole ? RequestOutcome.Ok : late.FirstEvent is null ? RequestOutcome.Failed : RequestOutcome.Cut);
        }
        finally
        {
            // Also for a client that left after it.
            if (late.FirstEvent is { } first)
                account.FirstByte(first);
        }
        if (late.Refusal is { } error)
            runtime.Meter.Refused(error.Code ?? error.Type);
    }

    private static async Task StreamAsync(HttpContext context, WireApi api, BackendReply.Streaming streaming, RequestAccount account, TimeProvider time)
    {
        var writer = new SseWriter(context, api);
        try
        {
            var whole = await writer.WriteAsync(streaming.Events, time).ConfigureAwait(false);
            account.Ended(whole ? RequestOutcome.Ok : RequestOutcome.Cut);
        }
        catch (BackendStreamException e)
        {
            account.Ended(RequestOutcome.Failed);
            await OpenAiErrorWriter.WriteAsync(context, e.Failure.Error).ConfigureAwait(false);
        }
        finally
        {
            // Also for a client that left after it.
            if (writer.FirstWrite is { } first)
                account.FirstByte(first);
        }
    }
}
