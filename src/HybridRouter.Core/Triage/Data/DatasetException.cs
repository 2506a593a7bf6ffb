namespace HybridRouter.Triage.Data;

/// <summary>A data file cannot be used. The message names file and line and what to mend; it quotes no prompt.</summary>
public sealed class DatasetException(string message) : Exception(message);
