using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>An upstream that holds back its answer until the test lets it go.</summary>
internal sealed class GatedUpstream : IAsyncDisposable
{
    public const string OwnId = "resp_upstream";

    private readonly TaskCompletionSource<RequestDelegate> _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ScriptedUpstream _upstream = null!;

    public string BaseUrl => _upstream.BaseUrl;

    /// <summary>Ends when a request was given up before it was answered.</summary>
    public Task Left => _left.Task;

    public static async Task<GatedUpstream> StartAsync()
    {
        var gated = new GatedUpstream();
        gated._upstream = await ScriptedUpstream.StartAsync(async context =>
        {
            if (context.Request.Method == "GET")
            {
                await context.Response.WriteAsJsonAsync(new JsonObject { ["object"] = "list", ["data"] = new JsonArray() });
                return;
            }
            // A server sees a client leave only when it has read the body.
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            await Task.WhenAny(gated._gate.Task, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
            if (context.RequestAborted.IsCancellationRequested)
                gated._left.TrySetResult();
            else
                await (await gated._gate.Task)(context);
        });
        return gated;
    }

    public void Refuse(int status, string code, int? retryAfter = null) => _gate.TrySetResult(async context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is { } seconds)
            context.Response.Headers.RetryAfter = $"{seconds}";
        await context.Response.WriteAsJsonAsync(new JsonObject { ["error"] = new JsonObject { ["message"] = "No.", ["type"] = code, ["param"] = null, ["code"] = code } });
    });

    public void AnswerChat() => Answer(
        null,
        """{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hi"},"finish_reason":null}]}""",
        """{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
        "[DONE]");

    public void AnswerCompletion() => Answer(
        null,
        """{"id":"c1","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"hi","finish_reason":"stop"}]}""",
        "[DONE]");

    public void AnswerResponse()
    {
        const string response = $$"""{"id":"{{OwnId}}","object":"response","created_at":1,"model":"m","status":"STATUS","output":[OUTPUT]}""";
        const string message = """{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]}""";
        var begun = response.Replace("STATUS", "in_progress").Replace("OUTPUT", "");
        Answer(
            "type",
            $$"""{"type":"response.created","sequence_number":0,"response":{{begun}}}""",
            $$"""{"type":"response.in_progress","sequence_number":1,"response":{{begun}}}""",
            $$"""{"type":"response.output_text.delta","sequence_number":2,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"hi"}""",
            $$"""{"type":"response.output_item.done","sequence_number":3,"output_index":0,"item":{{message}}}""",
            $$"""{"type":"response.completed","sequence_number":4,"response":{{response.Replace("STATUS", "completed").Replace("OUTPUT", message)}}}""");
    }

    public void AnswerWhole(string json) => _gate.TrySetResult(async context =>
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    });

    public ValueTask DisposeAsync() => _upstream.DisposeAsync();

    private void Answer(string? typeMember, params string[] events) => _gate.TrySetResult(async context =>
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var data in events)
        {
            var type = typeMember is null ? "" : $"event: {(string?)JsonNode.Parse(data)![typeMember]}\n";
            await context.Response.WriteAsync($"{type}data: {data}\n\n");
        }
    });
}
