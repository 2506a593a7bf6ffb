using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Apis;

/// <summary>Runs one background response: queued until its first token is due, in progress until its last.</summary>
internal static class BackgroundJob
{
    /// <summary>Takes the admission over: it is settled when the job ends, not when the queued answer is sent.</summary>
    public static void Start(Exchange exchange, StoredResponse stored)
    {
        var admission = exchange.Admission;
        exchange.Admission = null;
        _ = RunAsync(exchange, stored, admission);
    }

    private static async Task RunAsync(Exchange exchange, StoredResponse stored, Limits.Admission? admission)
    {
        using var _ = admission;
        var parts = exchange.Parts;
        var (pacer, draft, fault) = (exchange.Pacer, stored.Draft, exchange.Fault);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stored.Cancelled, parts.Stopping.Token);
        try
        {
            await pacer.WaitAsync(0, ends.Token);
            if (fault?.Kind == SimulatedFaultKind.StreamError)
            {
                End(stored, admission, draft.InputTokens, 0, ResponseStatus.Failed(fault));
                return;
            }
            stored.TryMove(ResponseStatus.InProgress);
            await pacer.WaitAsync(draft.Answer.OutputTokens, ends.Token);
            End(stored, admission, draft.InputTokens, draft.Answer.OutputTokens, new ResponseStatus(draft.FinalStatus));
        }
        catch (OperationCanceledException)
        {
            // Cancelled by request, or the simulator stops: what was made until now is not counted.
            admission?.Settle(draft.InputTokens, 0, true, fault is not null);
        }
    }

    /// <summary>Counts first, so that whoever sees the end finds it counted.</summary>
    private static void End(StoredResponse stored, Limits.Admission? admission, int input, int output, ResponseStatus status)
    {
        admission?.Settle(input, output, cancelledByClient: false, faulted: status.Error is not null);
        admission?.Dispose();
        stored.TryMove(status);
    }
}
