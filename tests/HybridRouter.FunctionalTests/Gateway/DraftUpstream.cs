using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>A local engine that gives the draft of a test, whole or as a stream, and holds the rest of a stream back until it is let go.</summary>
internal sealed class DraftUpstream : IAsyncDisposable
{
    private ScriptedUpstream _upstream = null!;
    private TaskCompletionSource _rest = new();

    public string BaseUrl => _upstream.BaseUrl;

    public string Text { get; set; } = "Use a list.";

    public string FinishReason { get; set; } = "stop";

    /// <summary>Arguments of a call of <c>f</c>; null = no call.</summary>
    public string? Arguments { get; set; }

    /// <summary>Of each token, sent when asked for.</summary>
    public double LogProb { get; set; }

    public ConcurrentQueue<JsonNode> Asked { get; } = [];

    /// <summary>Ends when a client left in the middle.</summary>
    public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<DraftUpstream> StartAsync()
    {
        var draft = new DraftUpstream();
        draft._rest.SetResult();
        draft._upstream = await ScriptedUpstream.StartAsync(draft.AnswerAsync);
        return draft;
    }

    /// <summary>From now on a stream stops after its first piece.</summary>
    public void HoldRest() => _rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void LetGo() => _rest.TrySetResult();

    public ValueTask DisposeAsync() => _upstream.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Method == "GET")
        {
            await context.Response.WriteAsJsonAsync(new JsonObject { ["object"] = "list", ["data"] = new JsonArray() });
            return;
        }
        var body = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!;
        Asked.Enqueue(body);
        var isChat = context.Request.Path.Value!.EndsWith("chat/completions", StringComparison.Ordinal);
        if ((bool?)body["stream"] == true)
            await StreamAsync(context, isChat, body["logprobs"] is not null);
        else
            await context.Response.WriteAsJsonAsync(Answer(isChat, "message", Text, FinishReason, body["logprobs"] is not null));
    }

    private async Task StreamAsync(HttpContext context, bool isChat, bool logProbs)
    {
        context.Response.ContentType = "text/event-stream";
        var first = true;
        try
        {
            foreach (var piece in Text.Length == 0 ? [""] : Text.Chunk(16).Select(c => new string(c)))
            {
                await WriteAsync(context, Answer(isChat, "delta", piece, null, logProbs));
                if (first)
                    await _rest.Task.WaitAsync(context.RequestAborted);
                first = false;
            }
            await WriteAsync(context, Answer(isChat, "delta", null, FinishReason, false));
            await context.Response.WriteAsync("data: [DONE]\n\n", context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            Left.TrySetResult();
        }
    }

    private JsonObject Answer(bool isChat, string member, string? text, string? finish, bool logProbs)
    {
        var choice = new JsonObject { ["index"] = 0, ["finish_reason"] = finish };
        if (isChat)
        {
            var message = new JsonObject();
            if (text is not null)
                message["content"] = text;
            if (Arguments is not null && finish is not null)
                message["tool_calls"] = new JsonArray(new JsonObject { ["index"] = 0, ["id"] = "c1", ["type"] = "function", ["function"] = new JsonObject { ["name"] = "f", ["arguments"] = Arguments } });
            choice[member] = message;
        }
        else
        {
            choice["text"] = text ?? "";
        }
        if (logProbs)
            choice["logprobs"] = new JsonObject { ["content"] = new JsonArray([.. Enumerable.Range(0, 20).Select(_ => new JsonObject { ["token"] = "x", ["logprob"] = LogProb })]) };
        return new JsonObject { ["id"] = "draft", ["object"] = isChat ? "chat.completion" : "text_completion", ["created"] = 1, ["model"] = "m", ["choices"] = new JsonArray(choice) };
    }

    private static async Task WriteAsync(HttpContext context, JsonObject chunk)
    {
        await context.Response.WriteAsync($"data: {chunk.ToJsonString()}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
