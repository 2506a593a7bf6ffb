namespace HybridRouter.Simulator;

/// <summary>One key that the simulated cloud knows.</summary>
public sealed class SimulatedKeyOptions
{
    /// <summary>The secret that clients send. Only its <see cref="Id"/> is ever shown.</summary>
    public string Key { get; set; } = "";

    /// <summary>Name in states, facts and fault rules; empty = <c>key-1</c>, <c>key-2</c>, … by position.</summary>
    public string Id { get; set; } = "";

    /// <summary>Keys of one project share its tokens, see <see cref="SimulatedCloudOptions.ProjectTokensPerMinute"/>.</summary>
    public string Project { get; set; } = "default";

    /// <summary>Limits for each model of this key; null = <see cref="SimulatedCloudOptions.Limits"/>.</summary>
    public SimulatedLimits? Limits { get; set; }

    /// <summary>Limits of this key for single models, by model name.</summary>
    public Dictionary<string, SimulatedLimits> ModelLimits { get; set; } = [];

    /// <summary>Tokens in all, over all models, then 429 <c>insufficient_quota</c>; null = no end.</summary>
    public long? TotalTokens { get; set; }
}
