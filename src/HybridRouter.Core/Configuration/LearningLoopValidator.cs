namespace HybridRouter.Configuration;

/// <summary>Rules for what is done with the traffic that is kept.</summary>
internal sealed class LearningLoopValidator(RouterOptionsValidator report)
{
    public void Validate(RouterOptions options)
    {
        var (retrain, drift) = (options.Learning.Retrain, options.Learning.Drift);
        report.InRange("learning:retrain:everyHours", retrain.EveryHours, 1, 720);
        report.InRange("learning:retrain:minNewSamples", retrain.MinNewSamples, 1, 100_000);
        report.InRange("learning:drift:window", drift.Window, 200, 100_000);
        report.InRange("learning:drift:alarm", drift.Alarm, 0.05, 10);
        if (retrain.Enabled && !options.Learning.Enabled)
            report.Warn("learning:retrain:enabled", "has no effect while learning:enabled is false");
        if (drift.Enabled && !options.Learning.Enabled)
            report.Warn("learning:drift:enabled", "has no effect while learning:enabled is false");
        if (retrain is { AutoPromote: true, Enabled: false })
            report.Warn("learning:retrain:autoPromote", "has no effect while learning:retrain:enabled is false");
        if (retrain.Enabled && options.Triage.ModelPath is not null)
            report.Warn("learning:retrain:enabled", "has no effect while triage:modelPath names a model");
    }
}
