using System.Diagnostics.Metrics;
using HybridRouter.Learning.Shadow;
using HybridRouter.Triage.Drift;

namespace HybridRouter.Diagnostics;

/// <summary>The learning loop when a scrape asks. Features are those of the model's own list, 32 at most.</summary>
public sealed class LearningGauges(Func<DriftReading?> drift, Func<ShadowFigures?> shadow)
{
    internal void AddTo(Meter meter)
    {
        meter.CreateObservableGauge("hybridrouter.triage.drift", Drift, "1", "Population stability index of the last prompts against what the model was trained on, by feature.");
        meter.CreateObservableGauge("hybridrouter.triage.shadow.prompts", () => Shadow(s => [new(s.Prompts)]), "{prompt}", "Prompts that the candidate scored beside the model in force.");
        meter.CreateObservableGauge("hybridrouter.triage.shadow.otherwise", () => Shadow(Otherwise), "1", "Share of prompts that the candidate would have sent elsewhere.");
        meter.CreateObservableGauge("hybridrouter.triage.shadow.shift", () => Shadow(Shifts), "1", "Mean of the candidate's score less that of the model in force, by the side that this one chose.");
    }

    private IEnumerable<Measurement<double>> Drift() =>
        drift()?.Features.Select(f => new Measurement<double>(f.Psi, new KeyValuePair<string, object?>("feature", f.Feature))) ?? [];

    private IEnumerable<Measurement<double>> Shadow(Func<ShadowFigures, IEnumerable<Measurement<double>>> figures) => shadow() is { } read ? figures(read) : [];

    private static IEnumerable<Measurement<double>> Otherwise(ShadowFigures shadow)
    {
        var prompts = Math.Max(1.0, shadow.Prompts);
        yield return new(shadow.ToCloud / prompts, new KeyValuePair<string, object?>("to", "cloud"));
        yield return new(shadow.ToLocal / prompts, new KeyValuePair<string, object?>("to", "local"));
    }

    private static IEnumerable<Measurement<double>> Shifts(ShadowFigures shadow)
    {
        yield return new(shadow.Local.MeanShift, new KeyValuePair<string, object?>("side", "local"));
        yield return new(shadow.Cloud.MeanShift, new KeyValuePair<string, object?>("side", "cloud"));
    }
}
