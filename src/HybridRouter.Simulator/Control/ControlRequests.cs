namespace HybridRouter.Simulator.Control;

/// <summary>Body of <c>POST /_simulator/limits</c>.</summary>
internal sealed class LimitsChange
{
    /// <summary>Id of one key; null = all keys.</summary>
    public string? KeyId { get; set; }

    /// <summary>One model; null = all models.</summary>
    public string? Model { get; set; }

    /// <summary>New limits, starting full; null = unchanged.</summary>
    public SimulatedLimits? Limits { get; set; }

    /// <summary>New total of tokens of the key, used ones included; null = unchanged.</summary>
    public long? TotalTokens { get; set; }

    /// <summary>New form of <c>Retry-After</c>; null = unchanged.</summary>
    public RetryAfterForm? RetryAfter { get; set; }
}

/// <summary>Body of <c>POST /_simulator/reset</c>; an empty body resets all of it.</summary>
internal sealed class ResetRequest
{
    /// <summary>Take all fault rules off.</summary>
    public bool Faults { get; set; } = true;

    /// <summary>Forget counts and facts, refill all limits.</summary>
    public bool Counters { get; set; } = true;

    /// <summary>Undo changes made by <c>POST /_simulator/limits</c>.</summary>
    public bool Limits { get; set; } = true;

    /// <summary>Forget stored responses.</summary>
    public bool Responses { get; set; } = true;
}
