using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Local.GgufHost;
using HybridRouter.Local.Processes;
using HybridRouter.Models;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Local.Managed;

/// <summary>The managed engines of a configuration: backends of their own, processes and memory budget in common.</summary>
internal sealed class ManagedEngines
{
    private readonly Dictionary<string, List<ManagedModel>> _byEngine;
    private readonly ManagedModels _models;
    private readonly TimeProvider _time;
    private int _open;

    public ManagedEngines(LocalOptions options, LocalWeights weights, HttpMessageInvoker http, TimeProvider time, ILogger logger)
    {
        _time = time;
        _byEngine = options.Engines.Where(e => e.Kind == LocalEngineKind.Managed).ToDictionary(e => e.Name, e => Describe(e, weights, time, logger), StringComparer.Ordinal);
        _open = _byEngine.Count;
        var records = LaunchRecords.OfThisUser();
        if (records.CleanUp() is var ended and > 0)
            Log.LeftoversEnded(logger, ended);
        _models = new ManagedModels([.. _byEngine.Values.SelectMany(m => m)], options.MemoryBudgetMiB, http, records, time, logger);
    }

    public IBackend Create(LocalEngineOptions engine) => new ManagedBackend(engine, _byEngine[engine.Name], _models, ReleaseAsync, _time);

    private static List<ManagedModel> Describe(LocalEngineOptions engine, LocalWeights weights, TimeProvider time, ILogger logger)
    {
        IModelCommand command = engine.Preset switch
        {
            ManagedPreset.LlamaServer => new LlamaServerCommand(engine, Environment.GetEnvironmentVariable("PATH")),
            ManagedPreset.GgufHost => new GgufHostCommand(engine, GgufHostInstaller.ForThisProgram(time), new InstallProgress(logger)),
            _ => throw new NotSupportedException($"the preset '{engine.Preset}' is not part of this build"),
        };
        return [.. engine.Models.Select(m => new ManagedModel(engine, m, command, weights.MemoryMiB(m), () => weights.Resolve(m)))];
    }

    /// <summary>The last engine that goes ends the processes of all.</summary>
    private ValueTask ReleaseAsync() => Interlocked.Decrement(ref _open) == 0 ? _models.DisposeAsync() : ValueTask.CompletedTask;
}
