using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Wire;

namespace HybridRouter.Local;

/// <summary>An engine that could not be set up: its models are listed with the reason, so that the rest of the gateway works.</summary>
internal sealed class UnavailableBackend(LocalEngineOptions options, string reason) : IBackend
{
    public string Name => options.Name;

    public RouteKind Route => RouteKind.Local;

    public IReadOnlyList<ServedModel> Models { get; } = [.. options.Models.Select(m => m.ToServed())];

    public BackendStatus Status(ServedModel model) => new(false, reason, 0);

    public Task<BackendReply> SendAsync(BackendRequest request, CancellationToken cancellationToken) =>
        Task.FromResult<BackendReply>(new BackendReply.Failed(new BackendFailure(
            FailureKind.Unreachable, ApiError.Unavailable($"The local engine '{Name}' is not available: {reason}.", TimeSpan.FromSeconds(30)))));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
