namespace HybridRouter.Configuration;

/// <summary>Scheduled training with the gateway's own traffic. Of several gateways on one storage folder one does it.</summary>
public sealed class RetrainOptions
{
    public const int DefaultEveryHours = 24;
    public const int DefaultMinNewSamples = 50;

    /// <summary>Train candidates by schedule. Default false.</summary>
    public bool Enabled { get; set; }

    /// <summary>Hours from one training to the next, 1..720. Default 24.</summary>
    public int EveryHours { get; set; } = DefaultEveryHours;

    /// <summary>Requests judged since the last training that are needed for another one, 1..100000. Default 50.</summary>
    public int MinNewSamples { get; set; } = DefaultMinNewSamples;

    /// <summary>Bring a candidate that passed the gate into force without asking. Default false: <c>hybridrouter model promote</c> does.</summary>
    public bool AutoPromote { get; set; }
}
