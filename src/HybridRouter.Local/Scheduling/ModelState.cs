namespace HybridRouter.Local.Scheduling;

/// <summary>One model as the scheduler sees it. Touched by the scheduler alone.</summary>
internal sealed class ModelState(ModelSpec spec)
{
    public ModelSpec Spec { get; } = spec;

    public ModelPhase Phase { get; private set; }

    public DateTimeOffset Since { get; private set; }

    /// <summary>End of <see cref="ModelPhase.Backoff"/> and <see cref="ModelPhase.GaveUp"/>.</summary>
    public DateTimeOffset Until { get; private set; } = DateTimeOffset.MaxValue;

    public string? Reason { get; private set; }

    /// <summary>Number of the current or last process.</summary>
    public int Run { get; private set; }

    /// <summary>Requests granted in the current run and not over yet.</summary>
    public int Running { get; set; }

    public DateTimeOffset LastUsed { get; set; }

    /// <summary>Crashed while it was in use: started again without a request, where there is room.</summary>
    public bool Wanted { get; set; }

    /// <summary>Requests up to this one came before the model was ready and may be served before it makes room for others.</summary>
    public long TurnEnd { get; private set; }

    private int _failures;

    public bool HoldsMemory => Phase is ModelPhase.Starting or ModelPhase.Ready or ModelPhase.Stopping;

    public bool IsIdle => Phase == ModelPhase.Ready && Running == 0;

    public DateTimeOffset? IdleDeadline => IsIdle && Spec.IdleAfter > TimeSpan.Zero ? LastUsed + Spec.IdleAfter : null;

    public void BeginStart(DateTimeOffset now)
    {
        Run++;
        Running = 0;
        Wanted = false;
        Enter(ModelPhase.Starting, now);
    }

    public void BecomeReady(long turnEnd, DateTimeOffset now)
    {
        (TurnEnd, LastUsed, Reason) = (turnEnd, now, null);
        Enter(ModelPhase.Ready, now);
    }

    public void BeginStop(DateTimeOffset now) => Enter(ModelPhase.Stopping, now);

    public void BecomeStopped(DateTimeOffset now) => Enter(ModelPhase.Stopped, now);

    public void Fail(string reason, bool lasting, DateTimeOffset now)
    {
        var wasReady = Phase == ModelPhase.Ready;
        if (wasReady && now - Since >= RestartPolicy.StableAfter)
            _failures = 0;
        _failures++;
        Reason = reason;
        Wanted = wasReady;
        if (lasting || _failures >= RestartPolicy.MaxQuickFailures)
        {
            // One more try when the time is over, not a whole series.
            _failures = RestartPolicy.MaxQuickFailures - 1;
            Wanted = false;
            Pause(ModelPhase.GaveUp, lasting ? RestartPolicy.LastingGiveUpFor : RestartPolicy.GiveUpFor, now);
            return;
        }
        Pause(ModelPhase.Backoff, RestartPolicy.Pause(_failures), now);
    }

    /// <summary>It can never be loaded.</summary>
    public void Forbid(string reason)
    {
        Reason = reason;
        Phase = ModelPhase.GaveUp;
    }

    private void Pause(ModelPhase phase, TimeSpan pause, DateTimeOffset now)
    {
        Enter(phase, now);
        Until = now + pause;
    }

    private void Enter(ModelPhase phase, DateTimeOffset now)
    {
        Phase = phase;
        Since = now;
        Until = DateTimeOffset.MaxValue;
    }
}
