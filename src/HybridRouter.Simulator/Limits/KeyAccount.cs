namespace HybridRouter.Simulator.Limits;

/// <summary>A known key without its secret. Counts are guarded by the ledger's lock.</summary>
internal sealed class KeyAccount(string id, string project, SimulatedKeyOptions? options)
{
    public string Id { get; } = id;

    public string Project { get; } = project;

    public SimulatedKeyOptions? Options { get; } = options;

    /// <summary>Tokens in all; null = no end.</summary>
    public long? TotalTokens { get; set; } = options?.TotalTokens;

    /// <summary>Tokens used and reserved.</summary>
    public long TokensUsed { get; set; }
}
