using HybridRouter.Flow;
using HybridRouter.Learning;
using HybridRouter.Triage;
using HybridRouter.Triage.Drift;
using HybridRouter.Triage.Registry;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Gateway.Runtime;

/// <summary>Follows the registry: a version that came into force, here or by another process, judges a few seconds later.</summary>
internal sealed partial class ModelWatch(
    TriageModels models, RoutingTable table, RulesBuilder builder, LiveModels live, TimeProvider time, ILogger<ModelWatch> logger) : BackgroundLoop
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Report = TimeSpan.FromMinutes(1);

    private readonly ModelRegistry _registry = models.Registry;
    private string? _state;
    private TriageJudge? _judge;
    private bool? _off;
    private DriftAlarm _alarm = new(live.Alarm);
    private DateTimeOffset _reported = time.GetUtcNow();

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                Follow();
                Tell();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                LogFailed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    private void Follow()
    {
        var modelPath = table.Current.Options.Triage.ModelPath;
        var (state, off) = (_registry.ReadText(), modelPath is not null);
        if (off && _off != true && state.Length > 0)
            LogOff(modelPath!, _registry.Folder);
        var changed = state != _state && !off && (_state is not null || state.Length > 0);
        if (changed)
            Swap();
        var judge = table.Current.Judge;
        if (changed || off != _off || !ReferenceEquals(judge, _judge))
            Watch(judge, off, modelPath);
        (_state, _judge, _off) = (off ? null : state, judge, off);
    }

    private void Swap()
    {
        var before = table.Current.Judge.Classifier?.Version;
        builder.RefreshJudge(table);
        var now = table.Current.Judge.Classifier?.Version;
        if (before != now)
            LogSwapped(now ?? "none", before ?? "none");
    }

    private void Watch(TriageJudge judge, bool off, string? modelPath)
    {
        var current = judge.Classifier as MlPromptClassifier;
        var folder = modelPath ?? _registry.PathOf(current is not null && _registry.Has(current.Version) ? current.Version : null);
        if (live.WatchDrift(current?.Version, folder))
            _alarm = new DriftAlarm(live.Alarm);
        var candidate = off || current is null ? null : Candidate();
        var step = table.Current.Options.Triage.Cutoff is null && candidate is not null ? candidate.Cutoff - judge.Cutoff : 0;
        live.Shadow.Watch(candidate, current?.Version ?? "", step);
    }

    private MlPromptClassifier? Candidate()
    {
        if (_registry.Read().State.Candidate is not { } version)
            return null;
        try
        {
            return MlPromptClassifier.Load(_registry.PathOf(version), _registry.Encoder);
        }
        catch (Exception e) when (e is ModelLoadException or IOException or UnauthorizedAccessException)
        {
            LogNoCandidate(version, e.Message);
            return null;
        }
    }

    private void Tell()
    {
        if (time.GetUtcNow() - _reported < Report)
            return;
        _reported = time.GetUtcNow();
        var (drift, shadow) = (live.ReadDrift(), live.Shadow.Read());
        if (drift is not null && _alarm.Crossed(drift) is { Count: > 0 } crossed)
            LogDrift(crossed.Count, live.Alarm, string.Join(", ", crossed.Select(f => FormattableString.Invariant($"{f.Feature} {f.Psi:0.00}"))));
        if (drift is { Prompts: > 0 } || shadow is { Prompts: > 0 })
            new LiveFigures(time.GetUtcNow(), _judge?.Classifier?.Version, shadow, drift).Write(_registry.Folder);
    }

    [LoggerMessage(EventId = 3301, Level = LogLevel.Information, Message = "The triage model {Version} is in force, in place of {Before}")]
    private partial void LogSwapped(string version, string before);

    [LoggerMessage(EventId = 3302, Level = LogLevel.Warning, Message = "triage:modelPath names {Path}, so the models trained in {Folder} are not used")]
    private partial void LogOff(string path, string folder);

    [LoggerMessage(EventId = 3303, Level = LogLevel.Error, Message = "The candidate {Version} cannot be watched: {Why}")]
    private partial void LogNoCandidate(string version, string why);

    [LoggerMessage(EventId = 3304, Level = LogLevel.Warning, Message = "The traffic has moved away from what the triage model was trained on: {Count} features crossed {Alarm}: {Features}. 'hybridrouter train --traffic' makes a model that knows it")]
    private partial void LogDrift(int count, double alarm, string features);

    [LoggerMessage(EventId = 3305, Level = LogLevel.Error, Message = "The registry of triage models cannot be followed; the next try is in two seconds")]
    private partial void LogFailed(Exception exception);
}
