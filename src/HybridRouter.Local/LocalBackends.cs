using HybridRouter.Backends;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Local.Managed;
using HybridRouter.Local.Ollama;
using HybridRouter.Local.OpenAi;
using HybridRouter.Local.Processes;
using HybridRouter.Models;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Local;

/// <summary>Makes the local engines of a configuration.</summary>
public static class LocalBackends
{
    /// <summary>
    /// One backend per engine, in the order configured. An engine that cannot be set up is there too, unavailable with
    /// its reason. Nothing is loaded yet: managed models start with the first request or <see cref="IBackend.Warm"/>.
    /// </summary>
    public static IReadOnlyList<IBackend> Create(RouterOptions options, TimeProvider time, Random random, ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger("HybridRouter.Local");
        var http = OpenAiConnection.CreateHttp();
        var weights = new Lazy<LocalWeights>(() => FindWeights(options.Local));
        var managed = new Lazy<ManagedEngines>(() => new ManagedEngines(options.Local, weights.Value, http, time, logger));
        return [.. options.Local.Engines.Select(engine => CreateOrExplain(engine, () => engine.Kind switch
        {
            LocalEngineKind.OpenAiCompatible => new OpenAiCompatibleBackend(engine, SecretText.Resolve(engine.ApiKey), http, time, new Random(random.Next()), logger),
            LocalEngineKind.Managed => managed.Value.Create(engine),
            LocalEngineKind.Ollama => new OllamaBackend(engine, SecretText.Resolve(engine.ApiKey), http, time, new Random(random.Next()), logger),
            LocalEngineKind.LLamaSharp => CreateLLamaSharp(engine, weights, time, logger),
            _ => new UnavailableBackend(engine, $"the kind '{engine.Kind}' is not known"),
        }, logger))];
    }

    /// <summary>The catalog and the folder that configured files are looked up in.</summary>
    public static LocalWeights FindWeights(LocalOptions options)
    {
        var store = new ModelStore(options.ModelsPath ?? ModelsFolder.Shipped(AppContext.BaseDirectory));
        return new LocalWeights(ModelsFolder.ShippedCatalog(AppContext.BaseDirectory), store);
    }

#if LLAMASHARP
    private static LLama.LLamaSharpBackend CreateLLamaSharp(LocalEngineOptions engine, Lazy<LocalWeights> weights, TimeProvider time, ILogger logger) =>
        new(engine, weights.Value, time, logger);
#else
    private static UnavailableBackend CreateLLamaSharp(LocalEngineOptions engine, Lazy<LocalWeights> weights, TimeProvider time, ILogger logger) =>
        new(engine, "this build has no LLamaSharp; build with -p:UseLLamaSharp=cpu or -p:UseLLamaSharp=cuda12");
#endif

    private static IBackend CreateOrExplain(LocalEngineOptions engine, Func<IBackend> create, ILogger logger)
    {
        try
        {
            return create();
        }
        catch (Exception e)
        {
            // One engine's trouble, of whatever kind, must not keep the gateway from serving with the others.
            Log.EngineUnavailable(logger, e, engine.Name);
            return new UnavailableBackend(engine, $"it could not be set up ({e.GetType().Name}: {e.Message})");
        }
    }
}
