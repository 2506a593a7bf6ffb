using HybridRouter.Configuration;
using HybridRouter.Learning;
using HybridRouter.Verbs;

namespace HybridRouter.Labelling;

/// <summary>The gateway's own prompts, and where judgements of them go.</summary>
/// <param name="Owner">Closed with this; null = nothing to close.</param>
internal sealed record StoredTraffic(IStoredPrompts Prompts, ITeacherTargets Targets, IDisposable? Owner) : IDisposable
{
    /// <exception cref="UsageException">No traffic is kept.</exception>
    /// <exception cref="IOException">The store cannot be opened.</exception>
    public static StoredTraffic Open(RouterOptions options) => throw new UsageException("--traffic: this version keeps no traffic.");

    public void Dispose() => Owner?.Dispose();
}
