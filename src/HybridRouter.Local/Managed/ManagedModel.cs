using HybridRouter.Configuration;
using HybridRouter.Local.Processes;
using HybridRouter.Local.Scheduling;
using HybridRouter.Models;

namespace HybridRouter.Local.Managed;

/// <summary>A model whose process the router owns.</summary>
/// <param name="ResolveFile">Path of the weights, or what is missing; asked at each start, so that a pull made meanwhile counts.</param>
internal sealed record ManagedModel(
    LocalEngineOptions Engine, LocalModelOptions Options, IModelCommand Command, int MemoryMiB, Func<WeightsFile> ResolveFile)
{
    /// <summary>Unique among all engines.</summary>
    public string Key { get; } = $"{Engine.Name}/{Options.Name}";

    public ModelSpec ToSpec() => new(Key, MemoryMiB, Options.Slots, TimeSpan.FromMinutes(Engine.IdleMinutes));

    public ModelLaunch ToLaunch(string file) => new()
    {
        File = file,
        Alias = Options.UpstreamName ?? Options.Name,
        ContextTokens = Options.ContextTokens,
        Slots = Options.Slots,
        GpuLayers = Options.GpuLayers,
        Embeddings = Options.Embeddings,
    };
}
