using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HybridRouter.UnitTests.Labelling;

/// <summary>A server that keeps what it is asked, and always gives the same completion.</summary>
internal sealed class RecordingServer
{
    public List<JsonObject> Bodies { get; } = [];

    public Uri BaseUrl { get; private set; } = null!;

    public async Task<IAsyncDisposable> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/v1/chat/completions", async context =>
        {
            Bodies.Add(JsonNode.Parse(await new StreamReader(context.Request.Body).ReadToEndAsync())!.AsObject());
            await context.Response.WriteAsJsonAsync(JsonNode.Parse("""
                {"id":"1","object":"chat.completion","created":1,"model":"served-model","choices":[{"index":0,"message":{"role":"assistant","content":"{}"},"finish_reason":"stop"}],
                "usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}
                """));
        });
        await app.StartAsync();
        BaseUrl = new Uri(app.Urls.First() + "/v1");
        return app;
    }
}
