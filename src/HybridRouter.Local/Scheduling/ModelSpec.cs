namespace HybridRouter.Local.Scheduling;

/// <summary>What the scheduler knows of a model that it may load.</summary>
/// <param name="Key">Engine and model, unique.</param>
/// <param name="MemoryMiB">Memory once loaded; counted from the start of the process to its end.</param>
/// <param name="Slots">Requests at the same time.</param>
/// <param name="IdleAfter">Unloaded after this time without a request; zero = never.</param>
internal sealed record ModelSpec(string Key, int MemoryMiB, int Slots, TimeSpan IdleAfter);
