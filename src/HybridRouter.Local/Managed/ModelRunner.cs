using HybridRouter.Local.OpenAi;
using HybridRouter.Local.Processes;
using HybridRouter.Local.Scheduling;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Local.Managed;

/// <summary>
/// Starts and stops the processes that the scheduler asks for and tells it what became of them. One instance per
/// model and run; <see cref="RunAsync"/> ends when the process has.
/// </summary>
internal sealed class ModelRunner(ManagedModel model, int run, HttpMessageInvoker http, LaunchRecords records, TimeProvider time, ILogger logger)
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>The server; null until it is ready.</summary>
    public OpenAiServer? Server { get; private set; }

    /// <summary>The process; null until it is ready.</summary>
    public ModelProcess? Process { get; private set; }

    /// <summary>Asks the process to end; <see cref="RunAsync"/> goes on until it has.</summary>
    public void Stop() => _stop.Cancel();

    public async Task RunAsync(Action<SchedulerEvent> post)
    {
        SchedulerEvent end;
        try
        {
            end = await RunToEndAsync(post).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            end = new SchedulerEvent.Stopped(model.Key, run);
        }
        catch (Exception e)
        {
            // A start that fails in an unforeseen way must not leave the scheduler waiting for it.
            Log.ModelStartBroke(logger, e, model.Key);
            end = new SchedulerEvent.Failed(model.Key, run, $"it could not be started ({e.GetType().Name}); see the log");
        }
        (Server, Process) = (null, null);
        post(end);
    }

    private async Task<SchedulerEvent> RunToEndAsync(Action<SchedulerEvent> post)
    {
        var weights = model.ResolveFile();
        if (weights.Path is not { } file)
            return Fail(ModelStart.Failed(weights.Problem ?? "its weights are missing", lasting: true));
        Log.ModelStarting(logger, model.Key);
        var began = time.GetTimestamp();
        var timeout = TimeSpan.FromSeconds(model.Engine.StartTimeoutSeconds);
        var start = await ModelProcess.StartAsync(model.Command, model.ToLaunch(file), http, timeout, records, time, _stop.Token).ConfigureAwait(false);
        if (start.Process is not { } process)
            return Fail(start);
        await using (process.ConfigureAwait(false))
        {
            Process = process;
            Server = new OpenAiServer(http, process.BaseUrl, process.ApiKey, model.Engine, time);
            Log.ModelReady(logger, model.Key, process.Id, time.GetElapsedTime(began).TotalSeconds);
            post(new SchedulerEvent.Started(model.Key, run));
            await process.Exited.WaitAsync(_stop.Token).ConfigureAwait(false);
            return Fail(ModelStart.Failed(process.DescribeEnd(), lasting: false, process.LastErrors));
        }
    }

    private SchedulerEvent.Failed Fail(ModelStart start)
    {
        Log.ModelFailed(logger, model.Key, start.Problem!, string.Join('\n', start.LastErrors));
        return new SchedulerEvent.Failed(model.Key, run, start.Problem!, start.Lasting);
    }
}
