using HybridRouter.Configuration;
using HybridRouter.Diagnostics;
using HybridRouter.Learning;
using HybridRouter.Learning.Shadow;
using HybridRouter.Triage;
using HybridRouter.Triage.Drift;

namespace HybridRouter.Gateway.Runtime;

/// <summary>What watches the traffic beside the requests: the candidate's scores and the drift of the model in force. Thread-safe.</summary>
internal sealed class LiveModels
{
    private readonly DriftOptions _options;
    private volatile Watched? _watched;

    public LiveModels(DriftOptions options, TimeProvider time)
    {
        _options = options;
        Shadow = new ShadowScorer(time);
        Gauges = new LearningGauges(ReadDrift, Shadow.Read);
    }

    public ShadowScorer Shadow { get; }

    public LearningGauges Gauges { get; }

    public double Alarm => _options.Alarm;

    /// <summary>Called by the worker that keeps traffic.</summary>
    public void Observe(TrafficObservation seen)
    {
        if (_watched is { } watched && seen is { Score: { } score, Domain: PromptDomain.Code } && seen.ModelVersion == watched.Version)
            watched.Monitor.Observe(seen.Triage, score);
        Shadow.Observe(seen);
    }

    public DriftReading? ReadDrift() => _watched?.Monitor.Read();

    /// <summary>Watches the model from now on, unless it is the one that is watched.</summary>
    /// <param name="folder">Of that model; without a reference in it there is no drift to tell.</param>
    /// <returns>True: the drift begins anew.</returns>
    public bool WatchDrift(string? version, string folder)
    {
        if (!_options.Enabled || _watched?.Version == version)
            return false;
        _watched = version is not null && DriftReference.TryRead(folder) is { } reference ? new Watched(version, new DriftMonitor(reference, PromptDomain.Code, _options.Window)) : null;
        return true;
    }

    private sealed record Watched(string Version, DriftMonitor Monitor);
}
