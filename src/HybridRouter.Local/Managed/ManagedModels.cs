using System.Collections.Concurrent;
using System.Threading.Channels;
using HybridRouter.Local.OpenAi;
using HybridRouter.Local.Processes;
using HybridRouter.Local.Scheduling;
using HybridRouter.Local.Slots;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Local.Managed;

/// <summary>
/// The managed models of all engines, under one memory budget: runs the scheduler on one loop and carries out what it
/// asks for. Thread-safe.
/// </summary>
internal sealed class ManagedModels : IModelEffects, IAsyncDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    /// <summary>How long a model is taken to load before one was measured.</summary>
    private static readonly TimeSpan AssumedLoadTime = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, ManagedModel> _models;
    private readonly Func<ManagedModel, int, ModelRunner> _createRunner;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<SchedulerEvent> _events = Channel.CreateUnbounded<SchedulerEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<long, TaskCompletionSource<Grant>> _requests = new();
    private readonly ConcurrentDictionary<(string Key, int Run), (ModelRunner Runner, Task Done)> _runners = new();
    private readonly Dictionary<string, ServiceTime> _serviceTimes;
    private readonly Dictionary<string, ServiceTime> _loadTimes;
    private readonly LocalScheduler _scheduler;
    private readonly ITimer _timer;
    private readonly Task _loop;
    private volatile Dictionary<string, ModelSnapshot> _snapshots = [];
    private long _lastRequest;
    private int _disposed;

    /// <param name="budgetMiB">Memory for all of them together; 0 = not limited.</param>
    public ManagedModels(IReadOnlyCollection<ManagedModel> models, int budgetMiB, HttpMessageInvoker http, LaunchRecords records, TimeProvider time, ILogger logger)
    {
        (_time, _logger) = (time, logger);
        _models = models.ToDictionary(m => m.Key, StringComparer.Ordinal);
        _serviceTimes = models.ToDictionary(m => m.Key, _ => new ServiceTime(LocalSlots.AssumedServiceTime), StringComparer.Ordinal);
        _loadTimes = models.ToDictionary(m => m.Key, _ => new ServiceTime(AssumedLoadTime), StringComparer.Ordinal);
        _createRunner = (model, run) => new ModelRunner(model, run, http, records, time, logger);
        _scheduler = new LocalScheduler(models.Select(m => m.ToSpec()), budgetMiB, this);
        _snapshots = new(_scheduler.Snapshots());
        _timer = time.CreateTimer(_ => Post(new SchedulerEvent.Tick()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>What came of a request for a slot.</summary>
    /// <param name="Server">Where to send it; null when refused.</param>
    /// <param name="Refusal">Why it was refused; null together with <paramref name="Server"/>: nothing came free in time.</param>
    internal readonly record struct Grant(OpenAiServer? Server, string? Refusal, IDisposable? Lease);

    /// <summary>The processes that are ready, by the key of their model.</summary>
    public IEnumerable<(string Key, ModelProcess Process)> Processes =>
        _runners.Select(r => (r.Key.Key, r.Value.Runner.Process)).Where(r => r.Process is not null)!;

    private static Grant ShuttingDown => new(null, "the router is shutting down", null);

    public ModelSnapshot Snapshot(string key) => _snapshots[key];

    public ServiceTime ServiceTime(string key) => _serviceTimes[key];

    public ServiceTime LoadTime(string key) => _loadTimes[key];

    /// <summary>A slot of the model, which is loaded first when it must be. Dispose the lease when the request is over.</summary>
    public async Task<Grant> AcquireAsync(string key, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        var (grant, id) = await RequestAsync(key, maxWait, cancellationToken).ConfigureAwait(false);
        return grant.Server is null ? grant : grant with { Lease = new SlotLease(lease => Release(id, key, lease), _time.GetTimestamp()) };
    }

    /// <summary>Loads a model that a request was just turned away from, so that the next one finds it.</summary>
    public void Warm(string key)
    {
        if (Snapshot(key) is { Phase: ModelPhase.Stopped, Waiting: 0 })
            _ = WarmAsync(key);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _events.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        foreach (var (runner, _) in _runners.Values)
            runner.Stop();
        await Task.WhenAll(_runners.Values.Select(r => r.Done)).ConfigureAwait(false);
        foreach (var waiting in _requests.Values)
            waiting.TrySetResult(ShuttingDown);
    }

    void IModelEffects.Start(string model, int run)
    {
        var runner = _createRunner(_models[model], run);
        // The runner's first await may come late: looking for weights and programs must not hold up the loop.
        _runners[(model, run)] = (runner, Task.Run(() => runner.RunAsync(Post)));
    }

    void IModelEffects.Stop(string model, int run)
    {
        Log.ModelStopping(_logger, model);
        if (_runners.TryGetValue((model, run), out var entry))
            entry.Runner.Stop();
    }

    void IModelEffects.Grant(long request, string model, int run)
    {
        var server = _runners.TryGetValue((model, run), out var entry) ? entry.Runner.Server : null;
        // A process that died a moment ago has no server any more; the scheduler hears of it next.
        if (_requests.TryGetValue(request, out var waiting))
            waiting.TrySetResult(server is null ? new Grant(null, "its process has just ended", null) : new Grant(server, null, null));
    }

    void IModelEffects.Refuse(long request, string reason)
    {
        if (_requests.TryGetValue(request, out var waiting))
            waiting.TrySetResult(new Grant(null, reason, null));
    }

    void IModelEffects.WakeAt(DateTimeOffset? moment)
    {
        var due = moment is { } at ? at - _time.GetUtcNow() : Timeout.InfiniteTimeSpan;
        if (moment is not null)
            due = due < TimeSpan.Zero ? TimeSpan.Zero : due > LongestTimer ? LongestTimer : due;
        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private async Task RunAsync()
    {
        await foreach (var happened in _events.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            var now = _time.GetUtcNow();
            if (happened is SchedulerEvent.Started started && _snapshots[started.Model].Phase == ModelPhase.Starting)
                _loadTimes[started.Model].Add(now - _snapshots[started.Model].Since);
            _scheduler.Handle(happened, now);
            if (happened is SchedulerEvent.Failed failed)
                _runners.TryRemove((failed.Model, failed.Run), out _);
            else if (happened is SchedulerEvent.Stopped stopped)
                _runners.TryRemove((stopped.Model, stopped.Run), out _);
            _snapshots = new(_scheduler.Snapshots());
        }
    }

    private async Task<(Grant Grant, long Id)> RequestAsync(string key, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastRequest);
        var waiting = new TaskCompletionSource<Grant>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests[id] = waiting;
        Grant grant = default;
        try
        {
            if (!_events.Writer.TryWrite(new SchedulerEvent.Requested(id, key)))
                return (ShuttingDown, id);
            grant = await waiting.Task.WaitAsync(maxWait < LongestTimer ? maxWait : LongestTimer, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // No grant then. If one came in this very moment, the release below gives it back.
        }
        finally
        {
            _requests.TryRemove(id, out _);
            if (grant.Server is null)
                Post(new SchedulerEvent.Released(id));
        }
        return (grant, id);
    }

    private async Task WarmAsync(string key)
    {
        var (grant, id) = await RequestAsync(key, LongestTimer, CancellationToken.None).ConfigureAwait(false);
        if (grant.Server is not null)
            Post(new SchedulerEvent.Released(id));
    }

    private void Release(long id, string key, SlotLease lease)
    {
        _serviceTimes[key].Add(_time.GetElapsedTime(lease.StartedAt));
        Post(new SchedulerEvent.Released(id));
    }

    private void Post(SchedulerEvent happened) => _events.Writer.TryWrite(happened);
}
