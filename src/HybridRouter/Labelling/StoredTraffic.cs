using HybridRouter.Composition;
using HybridRouter.Configuration;
using HybridRouter.Learning;

namespace HybridRouter.Labelling;

/// <summary>The gateway's own prompts, and where judgements of them go.</summary>
/// <param name="Owner">Closed with this; null = nothing to close.</param>
internal sealed record StoredTraffic(IStoredPrompts Prompts, ITeacherTargets Targets, IDisposable? Owner) : IDisposable
{
    /// <exception cref="IOException">No traffic is kept, or the store cannot be opened; the message says what to change.</exception>
    public static StoredTraffic Open(RouterOptions options)
    {
        var folder = Gateways.StorageFolder(options);
        if (!TrafficStore.Exists(folder))
            throw new IOException($"No traffic is kept in '{Path.GetFullPath(folder)}'; a gateway with learning.enabled and learning.keepPrompts keeps it in its storage folder (storage.path, --config).");
        var store = TrafficStore.Open(folder, options.Learning, TimeProvider.System);
        return new StoredTraffic(store, store, store);
    }

    public void Dispose() => Owner?.Dispose();
}
