namespace HybridRouter.Local.Scheduling;

/// <summary>Everything that can happen to the scheduler. A run is one life of a model's process; news of an older run is ignored.</summary>
internal abstract record SchedulerEvent
{
    private SchedulerEvent()
    {
    }

    /// <summary>A request wants a slot of a model.</summary>
    public sealed record Requested(long Request, string Model) : SchedulerEvent;

    /// <summary>A request is over: answered, failed, cancelled or tired of waiting. Comes once or more often.</summary>
    public sealed record Released(long Request) : SchedulerEvent;

    /// <summary>The process answers.</summary>
    public sealed record Started(string Model, int Run) : SchedulerEvent;

    /// <summary>The process ended by itself, or never became ready.</summary>
    /// <param name="Lasting">Trying again soon is pointless: no executable, no weights.</param>
    public sealed record Failed(string Model, int Run, string Reason, bool Lasting = false) : SchedulerEvent;

    /// <summary>The process that was told to stop is gone.</summary>
    public sealed record Stopped(string Model, int Run) : SchedulerEvent;

    /// <summary>The moment given to <see cref="IModelEffects.WakeAt"/> has come.</summary>
    public sealed record Tick : SchedulerEvent;
}
