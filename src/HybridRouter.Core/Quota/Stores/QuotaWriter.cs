using Microsoft.Extensions.Logging;

namespace HybridRouter.Quota.Stores;

/// <summary>
/// Writes behind the requests: what changed is gathered for <see cref="Delay"/> and then written in one transaction. A disk
/// that fails is told once and tried again until it works; meanwhile the store goes on from memory.
/// </summary>
internal sealed partial class QuotaWriter(IQuotaFile file, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>From a change to its writing.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(10);

    /// <summary>Between two tries at a disk that fails.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private Func<QuotaBatch>? _take;
    private Action? _fail;
    private bool _failing;

    /// <summary>There is something to write. Calls must not overlap.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0)
            _wake.Release();
    }

    /// <param name="take">What has changed since it was last called.</param>
    /// <param name="fail">What was taken last could not be written.</param>
    public void Start(Func<QuotaBatch> take, Action fail)
    {
        (_take, _fail) = (take, fail);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Writes now what there is.</summary>
    /// <returns>False: the disk failed.</returns>
    public async Task<bool> FlushAsync()
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            return Write();
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Writes what there is, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await FlushAsync().ConfigureAwait(false);
        file.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _wake.WaitAsync(_stop.Token).ConfigureAwait(false);
                await Task.Delay(Delay, time, _stop.Token).ConfigureAwait(false);
                while (!await FlushAsync().ConfigureAwait(false))
                    await Task.Delay(RetryDelay, time, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The store ends.
        }
    }

    private bool Write()
    {
        try
        {
            file.Write(_take!());
        }
        // Whatever it is: this loop must not end while limits are counted.
        catch (Exception e)
        {
            _fail!();
            if (!_failing)
                LogFailed(e);
            _failing = true;
            return false;
        }
        if (_failing)
            LogWorks();
        _failing = false;
        return true;
    }

    [LoggerMessage(EventId = 1401, Level = LogLevel.Error,
        Message = "The quota database cannot be written; limits are kept in memory alone until it can, and are tried again every few seconds")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(EventId = 1402, Level = LogLevel.Information, Message = "The quota database is written again")]
    private partial void LogWorks();
}
