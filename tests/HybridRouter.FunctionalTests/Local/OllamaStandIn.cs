using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HybridRouter.FunctionalTests.Local;

/// <summary>
/// Not Ollama: a stand-in on loopback that sends lines as Ollama's documentation shows them, because the real one cannot
/// be installed where the tests run. What it proves is our side of the wire, no more.
/// </summary>
internal sealed class OllamaStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OllamaStandIn(WebApplication app) => _app = app;

    /// <summary>Lines of the next streamed answers; "(hang)" waits for the client to go, "(cut)" drops the connection.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>Status and message instead of an answer; 0 = answer.</summary>
    public (int Status, string Error) Refusal { get; set; }

    public List<string> Tags { get; } = ["qwen2.5-coder:7b"];

    public ConcurrentQueue<(string Path, JsonNode Body)> Seen { get; } = new();

    /// <summary>Set by the test once it has the beginning of an answer; "(cut)" waits for it.</summary>
    public TaskCompletionSource ClientReads { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource ClientGone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<OllamaStandIn> StartAsync(params string[] lines)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var standIn = new OllamaStandIn(app);
        standIn.Lines.AddRange(lines);
        app.MapGet("/api/tags", () => Results.Json(new { models = standIn.Tags.Select(t => new { name = t, model = t, size = 1, digest = "d", details = new { format = "gguf", family = "qwen2" } }) }));
        app.MapPost("/api/show", async context =>
        {
            var name = (string)(await JsonNode.ParseAsync(context.Request.Body))!["model"]!;
            string[] capabilities = name.Contains("embed") ? ["embedding"] : ["completion", "tools", "insert"];
            await context.Response.WriteAsJsonAsync(new { capabilities, details = new { family = "qwen2" }, model_info = new Dictionary<string, object>() });
        });
        foreach (var path in new[] { "/api/chat", "/api/generate", "/api/embed", "/api/pull" })
            app.MapPost(path, standIn.AnswerAsync);
        await app.StartAsync();
        return standIn;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        Seen.Enqueue((context.Request.Path, (await JsonNode.ParseAsync(context.Request.Body))!));
        if (Refusal.Status != 0)
        {
            context.Response.StatusCode = Refusal.Status;
            await context.Response.WriteAsJsonAsync(new { error = Refusal.Error });
            return;
        }
        context.Response.ContentType = "application/x-ndjson";
        try
        {
            foreach (var line in Lines)
            {
                if (line == "(cut)")
                {
                    await ClientReads.Task.WaitAsync(context.RequestAborted);
                    context.Abort();
                }
                if (line == "(hang)")
                    await Task.Delay(Timeout.Infinite, context.RequestAborted);
                await context.Response.WriteAsync(line + "\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            ClientGone.TrySetResult();
        }
    }
}
