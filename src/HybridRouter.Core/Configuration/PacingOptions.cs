namespace HybridRouter.Configuration;

/// <summary>How the cutoff moves with the cloud quota that is left (docs/pacing.md has the control law).</summary>
public sealed class PacingOptions
{
    /// <summary>False keeps the cutoff where it is configured. Default true; without known limits nothing moves either.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Lowest cutoff, used while quota is slack, 0..1. Null: the configured cutoff where the model has a price, half of it where it has none (there, unused quota is lost).</summary>
    public double? MinCutoff { get; set; }

    /// <summary>Highest cutoff, used while quota is short, 0..1. Default 1: then everything that a local model can serve is served there.</summary>
    public double MaxCutoff { get; set; } = 1;

    /// <summary>Share of requests that the cloud should get at most, 0..1. Null: no such target.</summary>
    public double? TargetCloudShare { get; set; }

    /// <summary>Expected share of good answers that is enough, 0..1, by the scores: quota beyond it is not spent. Null: no such target.</summary>
    public double? TargetQuality { get; set; }
}

/// <summary>Fewer tokens for the same answer. What was saved is counted.</summary>
public sealed class EconomyOptions
{
    /// <summary>Largest output of a request that sets none, tokens, 1..1000000. Null: not set.</summary>
    public int? DefaultMaxOutputTokens { get; set; }

    /// <summary>Added to the request's own stop sequences (chat and completions; the wire allows four).</summary>
    public List<string> StopSequences { get; set; } = [];

    /// <summary>When only a function is asked for, stop at its end. Default false.</summary>
    public bool StopAfterFunction { get; set; }

    /// <summary>Tool results before the last user turn are cut in their middle to this many characters, 0 or 200..10000000; 0 = never. Default 0.</summary>
    public int OldToolResultChars { get; set; }

    /// <summary>Runs of blank lines and spaces at line ends go from texts. Default false.</summary>
    public bool CollapseBlankLines { get; set; }
}
