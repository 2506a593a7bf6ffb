using System.Diagnostics;
using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.Gateway;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Triage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Yarp.ReverseProxy.Configuration;

namespace HybridRouter.Benchmarks;

/// <summary>The servers under comparison, each in a process of its own so that they share nothing but the machine.</summary>
internal static class BenchRoles
{
    public const string Answer = """{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}""";

    private const string Chunk = """{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"bench","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}""";
    private const string LastChunk = """{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"bench","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";

    public static async Task<int> RunAsync(string[] args)
    {
        var app = args switch
        {
            ["mock"] => Mock(),
            ["yarp", var upstream] => Yarp(upstream),
            ["gateway", var upstream] => Gateway(upstream),
            _ => throw new ArgumentException("role: mock | yarp URL | gateway URL"),
        };
        await app.StartAsync();
        Console.WriteLine(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        // The parent holds our standard input; when it ends, so do we.
        await Console.In.ReadLineAsync();
        await app.StopAsync();
        return 0;
    }

    private static WebApplication Mock()
    {
        var app = Slim().Build();
        var answer = System.Text.Encoding.UTF8.GetBytes(Answer);
        var stream = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"data: {Chunk}\n\n", 20)) + $"data: {LastChunk}\n\ndata: [DONE]\n\n");
        app.Run(async context =>
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var streams = body.GetBuffer().AsSpan(0, (int)body.Length).IndexOf("\"stream\":true"u8) >= 0;
            context.Response.ContentType = streams ? "text/event-stream" : "application/json";
            if (!streams)
                context.Response.ContentLength = answer.Length;
            await context.Response.Body.WriteAsync(streams ? stream : answer);
        });
        return app;
    }

    private static WebApplication Yarp(string upstream)
    {
        var builder = Slim();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "up", Match = new RouteMatch { Path = "/{**rest}" } }],
            [new ClusterConfig { ClusterId = "up", Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = upstream } } }]);
        var app = builder.Build();
        app.MapReverseProxy();
        return app;
    }

    /// <summary>As a user runs it: triage, planning and metrics on; the cutoff sends every prompt to the upstream.</summary>
    private static WebApplication Gateway(string upstream)
    {
        var options = new RouterOptions
        {
            Server = { Urls = ["http://127.0.0.1:0"] },
            Triage = { Cutoff = 0 },
            Cloud =
            {
                Providers =
                {
                    new CloudProviderOptions { Name = "bench", BaseUrl = upstream + "/v1", ApiKeys = { "bench-key" }, Models = { new CloudModelOptions { Name = "bench" } } },
                },
            },
        };
        var classifier = MlPromptClassifier.Load(RepositoryFiles.TriageModel);
        return GatewayHost.Create(new GatewaySetup(options, new GatewayParts(
            (o, quota) => CloudBackends.Create(o, quota, TimeProvider.System, new Random(1), NullLoggerFactory.Instance),
            _ => [],
            t => new TriageJudge(classifier, t.Cutoff ?? classifier.Cutoff, null, NullLogger<TriageJudge>.Instance))));
    }

    private static WebApplicationBuilder Slim()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.Services.AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(NullLoggerFactory.Instance);
        Microsoft.AspNetCore.Hosting.HostingAbstractionsWebHostBuilderExtensions.UseUrls(builder.WebHost, "http://127.0.0.1:0");
        return builder;
    }
}

/// <summary>One such server as a child process.</summary>
internal sealed class BenchServer : IDisposable
{
    private readonly Process _process;

    private BenchServer(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public static async Task<BenchServer> StartAsync(params string[] role)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(BenchServer).Assembly.Location);
        foreach (var argument in (string[])["role", .. role])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"The {role[0]} server did not start.");
        return new BenchServer(process, new Uri(line));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5000))
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}

internal static class RepositoryFiles
{
    public static string TriageModel => Path.Combine(Root, "models", "triage", "code");

    public static string Root
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "HybridRouter.sln")))
                    return folder.FullName;
            }
            throw new DirectoryNotFoundException("HybridRouter.sln was not found above the benchmark.");
        }
    }
}
