namespace HybridRouter.Local.Scheduling;

/// <summary>
/// Decides which models are loaded and which request may go to one. A state machine: one event at a time, the time is
/// passed in, whatever must be done goes to <see cref="IModelEffects"/>. Not thread-safe; one loop owns it.
/// </summary>
/// <remarks>
/// Requests are served in the order they came, with two exceptions that save swaps: a request whose model is loaded
/// does not wait for one whose model only is at its slot limit, and the requests that had come when a model became ready
/// (its turn) are served together. What comes later waits behind a request that needs the memory, so nothing starves.
/// </remarks>
internal sealed class LocalScheduler
{
    private readonly Dictionary<string, ModelState> _models;
    private readonly int _budgetMiB;
    private readonly IModelEffects _effects;
    private readonly LinkedList<Waiter> _waiting = new();
    private readonly Dictionary<long, LinkedListNode<Waiter>> _waitingById = [];
    private readonly Dictionary<long, (ModelState Model, int Run)> _running = [];
    private long _lastSequence;
    private DateTimeOffset? _wakeAt;

    /// <param name="budgetMiB">Memory for all models together; 0 = not limited.</param>
    public LocalScheduler(IEnumerable<ModelSpec> models, int budgetMiB, IModelEffects effects)
    {
        (_budgetMiB, _effects) = (budgetMiB, effects);
        _models = models.ToDictionary(m => m.Key, m => new ModelState(m), StringComparer.Ordinal);
        foreach (var model in _models.Values.Where(m => budgetMiB > 0 && m.Spec.MemoryMiB > budgetMiB))
            model.Forbid($"It needs {model.Spec.MemoryMiB} MiB, more than the whole budget of {budgetMiB} MiB (local.memoryBudgetMiB).");
    }

    private readonly record struct Waiter(long Request, long Sequence, ModelState Model);

    public void Handle(SchedulerEvent happened, DateTimeOffset now)
    {
        switch (happened)
        {
            case SchedulerEvent.Requested requested:
                var waiter = new Waiter(requested.Request, ++_lastSequence, _models[requested.Model]);
                _waitingById.Add(requested.Request, _waiting.AddLast(waiter));
                break;
            case SchedulerEvent.Released released:
                Release(released.Request, now);
                break;
            case SchedulerEvent.Started started when Current(started.Model, started.Run, ModelPhase.Starting) is { } model:
                model.BecomeReady(_lastSequence, now);
                break;
            case SchedulerEvent.Failed failed when Current(failed.Model, failed.Run, ModelPhase.Starting, ModelPhase.Ready) is { } model:
                model.Fail(failed.Reason, failed.Lasting, now);
                break;
            case SchedulerEvent.Stopped stopped when Current(stopped.Model, stopped.Run, ModelPhase.Stopping) is { } model:
                model.BecomeStopped(now);
                break;
            case SchedulerEvent.Tick:
                // A timer may fire a moment early; then the same moment has to be asked for again.
                _wakeAt = null;
                break;
        }
        Advance(now);
    }

    public IEnumerable<KeyValuePair<string, ModelSnapshot>> Snapshots()
    {
        var waiting = _waiting.CountBy(w => w.Model).ToDictionary();
        foreach (var (key, model) in _models)
            yield return new(key, new ModelSnapshot(model.Phase, model.Running, waiting.GetValueOrDefault(model), model.Reason, model.Since, model.Until));
    }

    private ModelState? Current(string key, int run, params ReadOnlySpan<ModelPhase> phases)
    {
        var model = _models[key];
        return model.Run == run && phases.Contains(model.Phase) ? model : null;
    }

    private void Release(long request, DateTimeOffset now)
    {
        if (_waitingById.Remove(request, out var node))
        {
            _waiting.Remove(node);
            return;
        }
        // A process that died took its requests with it; the new run began with a clean count.
        if (!_running.Remove(request, out var grant) || grant.Run != grant.Model.Run)
            return;
        grant.Model.Running--;
        grant.Model.LastUsed = now;
    }

    private void Advance(DateTimeOffset now)
    {
        foreach (var model in _models.Values)
        {
            if (model.Phase is ModelPhase.Backoff or ModelPhase.GaveUp && model.Until <= now)
                model.BecomeStopped(now);
        }
        RefuseGivenUp();
        var blocked = StartWhatFits(now);
        GrantSlots(blocked?.Sequence ?? long.MaxValue);
        if (blocked is { } first)
            MakeRoom(first.Model, now);
        else
            RestartWanted(now);
        StopIdle(now);
        AskToWake(now);
    }

    private void RefuseGivenUp()
    {
        for (var node = _waiting.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.Model.Phase == ModelPhase.GaveUp)
            {
                Forget(node);
                _effects.Refuse(node.Value.Request, node.Value.Model.Reason ?? "It cannot be loaded.");
            }
            node = next;
        }
    }

    /// <summary>Returns the first request whose model finds no room: nothing that came later may take memory from it.</summary>
    private Waiter? StartWhatFits(DateTimeOffset now)
    {
        foreach (var waiter in _waiting)
        {
            if (waiter.Model.Phase != ModelPhase.Stopped)
                continue;
            if (!Fits(waiter.Model, _models.Values.Where(m => m.HoldsMemory)))
                return waiter;
            Start(waiter.Model, now);
        }
        return null;
    }

    private void GrantSlots(long blockedFrom)
    {
        for (var node = _waiting.First; node is not null;)
        {
            var (next, waiter) = (node.Next, node.Value);
            var model = waiter.Model;
            var mayPass = waiter.Sequence < blockedFrom || waiter.Sequence <= model.TurnEnd;
            if (model.Phase == ModelPhase.Ready && model.Running < model.Spec.Slots && mayPass)
            {
                Forget(node);
                model.Running++;
                _running.Add(waiter.Request, (model, model.Run));
                _effects.Grant(waiter.Request, model.Spec.Key, model.Run);
            }
            node = next;
        }
    }

    private void MakeRoom(ModelState wanted, DateTimeOffset now)
    {
        // What stops already counts as free: no more must go than needed.
        var staying = _models.Values.Where(m => m.Phase is ModelPhase.Starting or ModelPhase.Ready).ToList();
        var missing = wanted.Spec.MemoryMiB + staying.Sum(m => m.Spec.MemoryMiB) - _budgetMiB;
        if (missing <= 0)
            return;
        var idle = staying.Where(m => m.IsIdle).Select(m => new IdleModel(m.Spec.Key, m.Spec.MemoryMiB, m.LastUsed));
        foreach (var key in EvictionPolicy.Choose(missing, idle) ?? [])
            Stop(_models[key], now);
    }

    private void RestartWanted(DateTimeOffset now)
    {
        foreach (var model in _models.Values.Where(m => m.Wanted && m.Phase == ModelPhase.Stopped))
        {
            if (Fits(model, _models.Values.Where(m => m.HoldsMemory)))
                Start(model, now);
        }
    }

    private void StopIdle(DateTimeOffset now)
    {
        foreach (var model in _models.Values.Where(m => m.IdleDeadline <= now))
        {
            if (!_waiting.Any(w => w.Model == model))
                Stop(model, now);
        }
    }

    private bool Fits(ModelState model, IEnumerable<ModelState> beside) =>
        _budgetMiB <= 0 || model.Spec.MemoryMiB + beside.Sum(m => m.Spec.MemoryMiB) <= _budgetMiB;

    private void Start(ModelState model, DateTimeOffset now)
    {
        model.BeginStart(now);
        _effects.Start(model.Spec.Key, model.Run);
    }

    private void Stop(ModelState model, DateTimeOffset now)
    {
        model.BeginStop(now);
        _effects.Stop(model.Spec.Key, model.Run);
    }

    private void Forget(LinkedListNode<Waiter> node)
    {
        _waiting.Remove(node);
        _waitingById.Remove(node.Value.Request);
    }

    private void AskToWake(DateTimeOffset now)
    {
        DateTimeOffset? next = null;
        foreach (var model in _models.Values)
        {
            // An idle deadline in the past belongs to a model that requests still wait for.
            var moment = model.Phase is ModelPhase.Backoff or ModelPhase.GaveUp ? model.Until : model.IdleDeadline;
            if (moment is { } at && at > now && at != DateTimeOffset.MaxValue && (next is null || at < next))
                next = at;
        }
        if (next == _wakeAt)
            return;
        _wakeAt = next;
        _effects.WakeAt(next);
    }
}
