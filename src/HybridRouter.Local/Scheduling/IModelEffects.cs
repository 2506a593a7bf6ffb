namespace HybridRouter.Local.Scheduling;

/// <summary>What the scheduler can have done. Calls return at once; outcomes come back as events.</summary>
internal interface IModelEffects
{
    void Start(string model, int run);

    void Stop(string model, int run);

    /// <summary>The request may go to the model's process now.</summary>
    void Grant(long request, string model, int run);

    void Refuse(long request, string reason);

    /// <summary>Asks for a <see cref="SchedulerEvent.Tick"/>; replaces the moment asked for before. Null: none is needed.</summary>
    void WakeAt(DateTimeOffset? moment);
}
