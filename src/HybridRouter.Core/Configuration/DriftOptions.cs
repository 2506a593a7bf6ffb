namespace HybridRouter.Configuration;

/// <summary>Watching whether the traffic still resembles what the model in force was trained on.</summary>
public sealed class DriftOptions
{
    public const int DefaultWindow = 2000;
    public const double DefaultAlarm = 0.25;

    /// <summary>Compare the last prompts with the model's training data. Default false.</summary>
    public bool Enabled { get; set; }

    /// <summary>Prompts that are looked back on, 200..100000; 32 bytes each. Default 2000.</summary>
    public int Window { get; set; } = DefaultWindow;

    /// <summary>Population stability index from which a feature counts as moved and is warned of, 0.05..10. Default 0.25.</summary>
    public double Alarm { get; set; } = DefaultAlarm;
}
