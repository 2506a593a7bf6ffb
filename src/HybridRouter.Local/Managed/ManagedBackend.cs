using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Local.Scheduling;
using HybridRouter.Local.Slots;
using HybridRouter.Wire;

namespace HybridRouter.Local.Managed;

/// <summary>The models of one engine whose processes the router owns. Thread-safe.</summary>
internal sealed class ManagedBackend : IBackend
{
    /// <summary>Wait for a slot, beyond a possible load, when the request sets none.</summary>
    private static readonly TimeSpan DefaultSlotWait = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, ManagedModel> _byName;
    private readonly ServedModel[] _models;
    private readonly ManagedModels _managed;
    private readonly Func<ValueTask> _release;
    private readonly TimeProvider _time;
    private readonly TimeSpan _defaultMaxWait;
    private int _disposed;

    /// <param name="models">Models of this engine, all known to <paramref name="managed"/>.</param>
    /// <param name="release">Called on disposal: the last engine ends what they share.</param>
    public ManagedBackend(LocalEngineOptions options, IReadOnlyCollection<ManagedModel> models, ManagedModels managed, Func<ValueTask> release, TimeProvider time)
    {
        (Name, _managed, _release, _time) = (options.Name, managed, release, time);
        _byName = models.ToDictionary(m => m.Options.Name, StringComparer.Ordinal);
        _models = [.. models.Select(m => m.Options.ToServed())];
        _defaultMaxWait = TimeSpan.FromSeconds(options.StartTimeoutSeconds) + DefaultSlotWait;
    }

    public string Name { get; }

    public RouteKind Route => RouteKind.Local;

    public IReadOnlyList<ServedModel> Models => _models;

    public BackendStatus Status(ServedModel model)
    {
        if (!_byName.TryGetValue(model.Name, out var managed))
            return new BackendStatus(false, $"Engine '{Name}' does not serve '{model.Name}'.", 0);
        var snapshot = _managed.Snapshot(managed.Key);
        var load = _managed.LoadTime(managed.Key).Mean;
        var queue = QueueWait(managed, snapshot);
        var elapsed = _time.GetUtcNow() - snapshot.Since;
        return snapshot.Phase switch
        {
            ModelPhase.GaveUp => new BackendStatus(false, $"'{model.Name}' cannot be loaded: {snapshot.Reason}", 0),
            ModelPhase.Backoff => new BackendStatus(false, $"'{model.Name}' is being restarted: {snapshot.Reason}", 0, load),
            ModelPhase.Starting => new BackendStatus(true, "the model is loading", 0, Max(load - elapsed, TimeSpan.FromSeconds(1)) + queue),
            ModelPhase.Ready => new BackendStatus(true, null, Free(managed, snapshot), queue),
            _ => new BackendStatus(true, "the model is not loaded", 0, load + queue),
        };
    }

    public void Warm(ServedModel model)
    {
        if (_byName.TryGetValue(model.Name, out var managed))
            _managed.Warm(managed.Key);
    }

    public async Task<BackendReply> SendAsync(BackendRequest request, CancellationToken cancellationToken)
    {
        var managed = _byName[request.Model.Name];
        var maxWait = request.MaxWait ?? _defaultMaxWait;
        var grant = await _managed.AcquireAsync(managed.Key, maxWait, cancellationToken).ConfigureAwait(false);
        if (grant.Server is { } server)
            return await SlottedReply.SendAsync(grant.Lease!, () => server.SendAsync(request, managed.Command.IsLlamaServer, cancellationToken)).ConfigureAwait(false);
        return grant.Refusal is { } refusal
            ? new BackendReply.Failed(new BackendFailure(FailureKind.Unreachable, ApiError.Unavailable($"The local model '{request.Model.Name}' cannot be loaded: {refusal}.", TimeSpan.FromSeconds(30))))
            : SlottedReply.Busy(request.Model.Name, maxWait);
    }

    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _disposed, 1) == 0 ? _release() : ValueTask.CompletedTask;

    private TimeSpan QueueWait(ManagedModel managed, ModelSnapshot snapshot) => Free(managed, snapshot) > 0
        ? TimeSpan.Zero
        : _managed.ServiceTime(managed.Key).UntilTurn(Math.Max(0, snapshot.Running + snapshot.Waiting - managed.Options.Slots), managed.Options.Slots);

    private static int Free(ManagedModel managed, ModelSnapshot snapshot) => Math.Max(0, managed.Options.Slots - snapshot.Running - snapshot.Waiting);

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
