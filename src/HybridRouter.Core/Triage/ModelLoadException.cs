namespace HybridRouter.Triage;

/// <summary>A triage model cannot be used. The message says which file and what to do; callers route to the cloud.</summary>
public sealed class ModelLoadException(string message, Exception? inner = null) : Exception(message, inner);
