using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HybridRouter.FakeModel;

/// <summary>
/// Speaks as much of llama-server's wire as the tests need. Environment: FAKE_EXIT (code at start), FAKE_NEVER_READY.
/// The last message steers an answer: "crash" ends the process, "forever" streams until the client goes, "wait" holds
/// the request for a moment; anything else is echoed. <c>GET /stats</c> tells the most requests ever served at once.
/// </summary>
internal static class Server
{
    private static int s_running;
    private static int s_highest;
    private static int s_cancelled;

    public static async Task<int> RunAsync(string[] args)
    {
        if (Environment.GetEnvironmentVariable("FAKE_EXIT") is { } code)
        {
            await Console.Error.WriteLineAsync("loading model\nerror: the weights are broken\nbye");
            return int.Parse(code, CultureInfo.InvariantCulture);
        }
        var neverReady = Environment.GetEnvironmentVariable("FAKE_NEVER_READY") is not null;
        var alias = Argument(args, "--alias");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{Argument(args, "--port")}");
        var app = builder.Build();
        app.MapGet("/health", () => neverReady ? Results.StatusCode(503) : Results.Json(new { status = "ok" }));
        app.MapGet("/v1/models", () => Results.Json(new { data = new[] { new { id = alias } } }));
        app.MapGet("/stats", () => Results.Json(new { highest = s_highest, cancelled = s_cancelled, args }));
        app.MapPost("/v1/chat/completions", ChatAsync);
        app.MapPost("/infill", () => Results.Json(new { content = "filled", stop = true, stop_type = "eos", tokens_predicted = 1, tokens_evaluated = 2 }));
        try
        {
            await app.RunAsync();
        }
        catch (IOException e)
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}");
            return 1;
        }
        return 0;
    }

    private static async Task ChatAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization != $"Bearer {Environment.GetEnvironmentVariable("LLAMA_API_KEY")}")
        {
            context.Response.StatusCode = 401;
            return;
        }
        var body = (await JsonNode.ParseAsync(context.Request.Body))!;
        var text = (string)body["messages"]!.AsArray()[^1]!["content"]!;
        InterlockedMax(Interlocked.Increment(ref s_running));
        try
        {
            if (text == "crash")
                Environment.Exit(3);
            if (text == "wait")
                await Task.Delay(100, context.RequestAborted);
            if ((bool?)body["stream"] == true)
                await StreamAsync(context, text);
            else
                await context.Response.WriteAsJsonAsync(new { @object = "chat.completion", choices = new[] { new { index = 0, message = new { role = "assistant", content = text }, finish_reason = "stop" } } });
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref s_cancelled);
        }
        finally
        {
            Interlocked.Decrement(ref s_running);
        }
    }

    private static async Task StreamAsync(HttpContext context, string text)
    {
        context.Response.ContentType = "text/event-stream";
        for (var i = 0; text == "forever" || i < 3; i++)
        {
            await WriteAsync(context, new { choices = new[] { new { index = 0, delta = new { content = text }, finish_reason = (string?)null } } });
            await Task.Delay(10, context.RequestAborted);
        }
        await WriteAsync(context, new { choices = new[] { new { index = 0, delta = new { }, finish_reason = "stop" } } });
        await context.Response.WriteAsync("data: [DONE]\n\n", context.RequestAborted);
    }

    private static async Task WriteAsync(HttpContext context, object chunk)
    {
        await context.Response.WriteAsync($"data: {JsonSerializer.Serialize(chunk)}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private static string Argument(string[] args, string name) => args[Array.IndexOf(args, name) + 1];

    private static void InterlockedMax(int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref s_highest)) < value && Interlocked.CompareExchange(ref s_highest, value, seen) != seen)
        {
        }
    }
}
