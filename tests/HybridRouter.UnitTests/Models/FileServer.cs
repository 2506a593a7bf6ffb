using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HybridRouter.UnitTests.Models;

/// <summary>A real web server on loopback with one file, that misbehaves as told. Answers <c>/file</c>; <c>/linked</c> redirects there as Hugging Face does.</summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FileServer(WebApplication app) => _app = app;

    /// <summary>What the server has now; may be replaced between requests.</summary>
    public byte[] Content { get; set; } = [];

    /// <summary>Bytes after which each connection is cut, one entry per request; none left = not cut.</summary>
    public ConcurrentQueue<int> CutAfter { get; } = new();

    /// <summary>Status of the next requests instead of the file.</summary>
    public ConcurrentQueue<int> Fail { get; } = new();

    public bool IgnoresRange { get; set; }

    /// <summary>Hash told on <c>/linked</c>; null = the right one.</summary>
    public string? LinkedHash { get; set; }

    /// <summary>Range headers as they came, "" for none.</summary>
    public ConcurrentQueue<string> Ranges { get; } = new();

    public Uri Url => new($"{Root}/file");

    public Uri LinkedUrl => new($"{Root}/linked");

    private string Root => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<FileServer> StartAsync(byte[] content)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new FileServer(app) { Content = content };
        app.MapGet("/file", server.SendAsync);
        app.MapGet("/linked", server.Redirect);
        await app.StartAsync();
        return server;
    }

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void Redirect(HttpContext context)
    {
        context.Response.StatusCode = 302;
        context.Response.Headers["x-linked-etag"] = $"\"{LinkedHash ?? Sha256(Content)}\"";
        context.Response.Headers["x-linked-size"] = Content.Length.ToString();
        context.Response.Headers.Location = "/file";
    }

    private async Task SendAsync(HttpContext context)
    {
        var range = context.Request.Headers.Range.ToString();
        Ranges.Enqueue(range);
        if (Fail.TryDequeue(out var status))
        {
            context.Response.StatusCode = status;
            return;
        }
        var content = Content;
        var etag = $"\"v-{Sha256(content)[..8]}\"";
        var ifRange = context.Request.Headers.IfRange.ToString();
        var start = 0;
        if (range.Length > 0 && !IgnoresRange && (ifRange.Length == 0 || ifRange == etag))
        {
            start = int.Parse(range["bytes=".Length..^1]);
            if (start >= content.Length)
            {
                context.Response.StatusCode = 416;
                context.Response.Headers.ContentRange = $"bytes */{content.Length}";
                return;
            }
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {start}-{content.Length - 1}/{content.Length}";
        }
        context.Response.Headers.ETag = etag;
        context.Response.ContentLength = content.Length - start;
        var count = CutAfter.TryDequeue(out var cut) ? Math.Min(cut, content.Length - start) : content.Length - start;
        await context.Response.Body.WriteAsync(content.AsMemory(start, count));
        await context.Response.Body.FlushAsync();
        if (start + count < content.Length)
            context.Abort();
    }
}
