using HybridRouter.Configuration;
using HybridRouter.Flow;
using HybridRouter.Learning;
using HybridRouter.Learning.Retraining;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Gateway.Runtime;

/// <summary>Trains a candidate when it is time and enough was judged since, in one of the gateways that share a storage folder.</summary>
internal sealed partial class RetrainLoop(
    TriageModels models, RetrainOptions options, ITrafficSamples traffic, RoutingTable table, TimeProvider time, ILogger<RetrainLoop> logger) : BackgroundLoop
{
    /// <summary>Between two looks at whether it is time.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    private readonly CandidateTraining _training = new(models.Registry, models.DataFolder, time);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await LookAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
            {
                LogFailed(e);
            }
        }
    }

    /// <returns>Whether it trained.</returns>
    internal async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        if (table.Current.Options.Triage.ModelPath is not null || !IsTime())
            return false;
        using var held = models.Registry.TryHoldTraining();
        // Whoever held it before may have trained just now.
        if (held is null || !IsTime())
            return false;
        var samples = CandidateTraining.Read(traffic, models.Registry.Encoder?.Version);
        var known = models.Registry.Read().State.Retrain?.Newest;
        if (samples.Count(s => known is null || s.At > known) < options.MinNewSamples)
            return false;
        try
        {
            await TrainAsync(samples, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // After a failure too: what failed once would fail every ten minutes.
            await models.Registry.NoteRetrainAsync(samples[^1].At, CancellationToken.None).ConfigureAwait(false);
        }
        return true;
    }

    private bool IsTime() => models.Registry.Read().State.Retrain is not { } last || time.GetUtcNow() - last.At >= TimeSpan.FromHours(options.EveryHours);

    private async Task TrainAsync(IReadOnlyList<TrafficSample> samples, CancellationToken cancellationToken)
    {
        var onlyCaller = table.Current.Options.Server.ClientKeys.Count <= 1;
        var trained = await LowPriority.RunAsync(() => _training.Train(samples, onlyCaller)).WaitAsync(cancellationToken).ConfigureAwait(false);
        await _training.AddAsync(trained, cancellationToken).ConfigureAwait(false);
        LogTrained(trained.Version, trained.Model.Traffic.Count, trained.Note.Verdict.Summary);
        var state = models.Registry.Read().State;
        if (options.AutoPromote && trained.Note.Verdict.Promote && state.Candidate == trained.Version && !state.WasTakenBack(trained.Version))
            await models.Registry.PromoteAsync(trained.Version, "passed the gate after a scheduled training", cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(EventId = 3311, Level = LogLevel.Information, Message = "Trained the triage model {Version} with {Samples} judged requests; it {Verdict}")]
    private partial void LogTrained(string version, int samples, string verdict);

    [LoggerMessage(EventId = 3312, Level = LogLevel.Error, Message = "The scheduled training failed; the model in force stays")]
    private partial void LogFailed(Exception exception);
}
