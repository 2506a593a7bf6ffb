using System.Net;
using HybridRouter.Backends.Cloud;
using HybridRouter.Callers;
using HybridRouter.Callers.Estimates;
using HybridRouter.Configuration;
using HybridRouter.Diagnostics;
using HybridRouter.Embedding;
using HybridRouter.Drafts;
using HybridRouter.Drafts.Parsing;
using HybridRouter.Flow;
using HybridRouter.Gateway.Auth;
using HybridRouter.Gateway.Endpoints;
using HybridRouter.Gateway.Http;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Learning;
using HybridRouter.Pacing;
using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using HybridRouter.Responses;
using HybridRouter.Sessions;
using HybridRouter.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace HybridRouter.Gateway;

/// <summary>Everything that a gateway is made of.</summary>
public sealed record GatewaySetup(RouterOptions Options, GatewayParts Parts)
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Action<ILoggingBuilder>? Logging { get; init; }

    /// <summary>Where limits are counted; the gateway disposes it. Null: in this process, forgotten at its end.</summary>
    public Func<IQuotaStore>? CreateQuota { get; init; }

    /// <summary>Parsers of code in local drafts, beside those of C#, JSON and XML.</summary>
    public IReadOnlyList<ICodeParser> CodeParsers { get; init; } = [];

    /// <summary>Folder of the embedded databases, made when missing; null keeps no responses and no traffic.</summary>
    public string? StorageFolder { get; init; }

    /// <summary>Makes the embedding that is kept with the traffic. Null: none is kept.</summary>
    public ISentenceEncoder? Encoder { get; init; }

    /// <summary>Triage models that this installation trains; null: none.</summary>
    public TriageModels? Models { get; init; }

    /// <summary>Watched for changes when set; <see cref="ReadOptions"/> then turns it into options, or null when it does not validate.</summary>
    public IConfiguration? Configuration { get; init; }

    public Func<IConfiguration, RouterOptions?>? ReadOptions { get; init; }
}

/// <summary>Builds the gateway: services, pipeline, endpoints. The caller starts and disposes it.</summary>
public static class GatewayHost
{
    /// <summary>Requests under way get this long to end when the gateway stops; then they are cut.</summary>
    public static readonly TimeSpan Drain = TimeSpan.FromSeconds(5);

    public static WebApplication Create(GatewaySetup setup)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        setup.Logging?.Invoke(builder.Logging);
        ConfigureServer(builder, setup.Options.Server);
        AddServices(builder.Services, setup);

        var app = builder.Build();
        app.UseMiddleware<ErrorBoundary>();
        app.UseRouting();
        var runtime = app.Services.GetRequiredService<GatewayRuntime>();
        app.MapModelApi(runtime);
        app.MapResponsesApi(runtime, app.Services.GetRequiredService<ResponseServices>());
        app.MapModelsApi(runtime);
        app.MapRouteApi(runtime);
        app.MapQuotaApi(runtime, app.Services.GetRequiredService<AdmissionGate>(), app.Services.GetRequiredService<PacingBoard>());
        app.MapTrafficApi(runtime, app.Services.GetRequiredService<TrafficServices>());
        app.MapTriageModelsApi(runtime, setup.Models, app.Services.GetRequiredService<LiveModels>());
        app.Services.GetRequiredService<RouterMeter>().Watch(app.Services.GetRequiredService<QuotaGauges>());
        app.Services.GetRequiredService<RouterMeter>().Watch(app.Services.GetRequiredService<LiveModels>().Gauges);
        app.MapHealthApi(runtime);
        app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }

    private static void ConfigureServer(WebApplicationBuilder builder, ServerOptions server)
    {
        builder.WebHost.UseUrls(server.Urls.Count > 0 ? [.. server.Urls] : [ServerOptions.DefaultUrl]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // The limit is kept where bodies are read, which tells the sender of a larger one why it is refused.
            kestrel.Limits.MaxRequestBodySize = null;
        });
    }

    private static void AddServices(IServiceCollection services, GatewaySetup setup)
    {
        services.AddSingleton(setup.Time);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = Drain);
        services.AddSingleton<RouterMeter>();
        services.AddSingleton(_ => setup.CreateQuota?.Invoke() ?? new InProcessQuotaStore(setup.Time));
        services.AddSingleton(s => new RulesBuilder(setup.Parts, s.GetRequiredService<IQuotaStore>(), setup.Time));
        services.AddSingleton(s => new RoutingTable(s.GetRequiredService<RulesBuilder>().Build(setup.Options)));
        services.AddSingleton(new SessionRoutes(TimeSpan.FromMinutes(setup.Options.Routing.SessionMinutes), setup.Time));
        AddAdmission(services);
        AddDrafts(services, setup);
        services.AddSingleton<CandidateRunner>();
        services.AddSingleton(s => new PacingBoard(() => s.GetRequiredService<IQuotaStore>().Replicas, setup.Time));
        services.AddSingleton(s => new CutoffPacing(s.GetRequiredService<PacingBoard>(), (request, target) => s.GetRequiredService<AdmissionGate>().Guess(request, target.Route, target.Model)));
        services.AddSingleton<ModelFlow>();
        services.AddSingleton(s => new GatewayRuntime(
            s.GetRequiredService<RoutingTable>(),
            s.GetRequiredService<ModelFlow>(),
            s.GetRequiredService<RouterMeter>(),
            setup.Time,
            s.GetRequiredService<ILoggerFactory>().CreateLogger("HybridRouter.Requests"),
            new ClientKeys(setup.Options.Server))
        {
            Traffic = s.GetRequiredService<TrafficServices>().Recorder,
        });
        AddResponses(services, setup);
        services.AddSingleton(new LiveModels(setup.Options.Learning.Drift, setup.Time));
        AddTraffic(services, setup);
        AddLearning(services, setup);
        if (setup is { Configuration: { } configuration, ReadOptions: { } read })
            services.AddHostedService(s => ActivatorUtilities.CreateInstance<ConfigurationReload>(s, configuration, read));
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("hybridrouter"))
            .WithMetrics(metrics => metrics.AddMeter(RouterMeter.MeterName).AddPrometheusExporter());
    }

    private static void AddAdmission(IServiceCollection services)
    {
        services.AddSingleton(s =>
        {
            var counter = new TokenCounter(new Random(), s.GetRequiredService<ILogger<TokenCounter>>());
            // The first requests should not have to do without it.
            _ = counter.LoadAsync();
            return counter;
        });
        services.AddSingleton<AdmissionGate>();
        services.AddSingleton(s => new QuotaGauges(
            () => s.GetRequiredService<RoutingTable>().Current.Directory.Backends.OfType<CloudBackend>(),
            s.GetRequiredService<PacingBoard>(),
            s.GetRequiredService<AdmissionGate>(),
            s.GetRequiredService<IQuotaStore>()));
    }

    private static void AddTraffic(IServiceCollection services, GatewaySetup setup)
    {
        var learning = setup.Options.Learning;
        if (!learning.Enabled || setup.StorageFolder is not { } folder)
        {
            services.AddSingleton(TrafficServices.Off);
            return;
        }
        services.AddSingleton(s =>
        {
            var store = TrafficStore.Open(folder, learning, setup.Time);
            return new TrafficServices(store, new TrafficRecorder(store, setup.Time, s.GetRequiredService<RouterMeter>().TrafficDropped, setup.Encoder, s.GetRequiredService<ILogger<TrafficRecorder>>())
            {
                Watch = s.GetRequiredService<LiveModels>().Observe,
            });
        });
        services.AddHostedService(s => new TrafficSweeping(new RetentionSweep(
            "kept traffic", TimeSpan.FromDays(learning.RetentionDays), s.GetRequiredService<TrafficServices>().Store!.SweepAsync, setup.Time, s.GetRequiredService<ILogger<RetentionSweep>>())));
    }

    private static void AddDrafts(IServiceCollection services, GatewaySetup setup)
    {
        services.AddSingleton<IDraftObserver>(s => s.GetRequiredService<RouterMeter>());
        if (setup.Options.Learning.Enabled && setup.StorageFolder is not null)
            services.AddSingleton<IDraftObserver>(s => ActivatorUtilities.CreateInstance<DraftSignals>(s, s.GetRequiredService<TrafficServices>().Store!));
        services.AddSingleton(new DraftCheck([new CSharpParser(setup.Time), new JsonParser(), new XmlParser(), .. setup.CodeParsers], setup.Time));
        services.AddSingleton<DraftDesk>();
        services.AddHostedService<DraftChecking>();
    }

    private static void AddLearning(IServiceCollection services, GatewaySetup setup)
    {
        if (setup.Models is not { } models)
            return;
        services.AddHostedService(s => ActivatorUtilities.CreateInstance<ModelWatch>(s, models));
        if (setup.Options.Learning is { Enabled: true, Retrain: { Enabled: true } retrain } && setup.StorageFolder is not null)
            services.AddHostedService(s => ActivatorUtilities.CreateInstance<RetrainLoop>(s, models, retrain, s.GetRequiredService<TrafficServices>().Store!));
    }

    private static void AddResponses(IServiceCollection services, GatewaySetup setup)
    {
        services.AddSingleton(s =>
        {
            var store = setup.StorageFolder is { } folder ? new SqliteResponseStore(Path.Combine(folder, "responses.db")) : null;
            var running = new RunningResponses();
            return new ResponseServices(store, running, new ResponseRecorder(store, running, setup.Time, () => Guid.CreateVersion7().ToString("N"), s.GetRequiredService<ILogger<ResponseRecorder>>()));
        });
        if (setup.StorageFolder is null)
            return;
        services.AddHostedService(s => new ResponseSweeping(new RetentionSweep(
            "stored responses", TimeSpan.FromDays(setup.Options.Storage.ResponseDays), s.GetRequiredService<ResponseServices>().Store!.SweepAsync, setup.Time, s.GetRequiredService<ILogger<RetentionSweep>>())));
    }
}
