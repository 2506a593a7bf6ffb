using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Quota;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Backends.Cloud;

/// <summary>
/// Serves requests by a pool of keys: takes quota, sends, and tries again where that can help and there is time. Thread-safe.
/// </summary>
/// <param name="jitter">Uniform in [0, 1).</param>
internal sealed class CloudCall(CloudProviderOptions options, OpenAiConnection connection, RetryBudget budget, TimeProvider time, Func<double> jitter, ILogger logger)
{
    public async Task<BackendReply> SendAsync(KeyPool pool, BackendRequest request, CancellationToken cancellationToken)
    {
        budget.Request();
        var clock = new CallClock(request, options, time);
        BackendReply.Failed? last = null;
        var refusedBy = new List<UpstreamKey>();
        var retries = 0;
        while (true)
        {
            var (attempt, refusal) = await pool.TakeAsync(request.Admission, clock.Patience, refusedBy, cancellationToken).ConfigureAwait(false);
            // What the upstream said tells more than that nothing is left after it.
            if (attempt is null)
                return last ?? new BackendReply.Failed(refusal!);
            var reply = await SendAsync(attempt, request, cancellationToken).ConfigureAwait(false);
            if (reply is not BackendReply.Failed failed)
                return reply;
            var failure = await attempt.FailedAsync(failed.Failure).ConfigureAwait(false);
            last = new BackendReply.Failed(failure);
            if (failure.Kind is FailureKind.Unauthorized or FailureKind.QuotaExhausted)
            {
                // The next key at once: it is the key that was refused, not the request.
                refusedBy.Add(attempt.Key);
                if (refusedBy.Count >= pool.Keys.Count || !pool.AnyOpen(out _))
                    return last;
                continue;
            }
            if (retries >= options.MaxRetries || Delay(pool, request.Admission, failure, retries, clock) is not { } delay || clock.Left <= delay)
                return last;
            if (!budget.TryRetry())
            {
                Log.NoRetryBudget(logger, options.Name, failure.Kind);
                return last;
            }
            retries++;
            Log.Retry(logger, options.Name, attempt.Key.Name, failure.Kind, retries, delay.TotalMilliseconds);
            await Task.Delay(delay, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<BackendReply> SendAsync(UpstreamAttempt attempt, BackendRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await connection.SendAsync(request, attempt.Key.Secret, attempt.Heard, cancellationToken).ConfigureAwait(false);
            if (reply is not BackendReply.Failed)
                attempt.Succeeded();
            return reply;
        }
        catch
        {
            attempt.Abandoned();
            throw;
        }
    }

    /// <summary>Null when a further try cannot help in time.</summary>
    private TimeSpan? Delay(KeyPool pool, Admission? admission, BackendFailure failure, int retries, CallClock clock)
    {
        var ceiling = Math.Min(options.MaxBackoffSeconds, options.BackoffSeconds * Math.Pow(2, retries));
        // Full jitter: uniform between nothing and the ceiling (AWS Architecture Blog, "Exponential Backoff And Jitter").
        var backoff = TimeSpan.FromSeconds(jitter() * ceiling);
        if (failure.Kind == FailureKind.RateLimited)
        {
            // Another key may serve, but an account's limits are often shared by its keys: not at once.
            if (pool.AnyOpen(out var wait))
                return backoff;
            // The line in front of the pool does the waiting, as for everybody.
            if (admission is not null)
                return wait > clock.Patience ? null : backoff;
            return wait.TotalSeconds > options.MaxBackoffSeconds ? null : wait + backoff;
        }
        if (failure.Kind is not (FailureKind.ServerError or FailureKind.Unreachable or FailureKind.BadReply or FailureKind.Timeout))
            return null;
        var told = failure.Told ?? TimeSpan.Zero;
        return told.TotalSeconds > options.MaxBackoffSeconds ? null : told + backoff;
    }

    /// <summary>The time that one request has.</summary>
    private readonly struct CallClock(BackendRequest request, CloudProviderOptions options, TimeProvider time)
    {
        private readonly long _start = time.GetTimestamp();

        /// <summary>Until its caller's deadline; of one that has none, as long as most clients wait.</summary>
        public TimeSpan Left => (request.Admission?.Deadline ?? TimeSpan.FromSeconds(options.AnswerTimeoutSeconds)) - time.GetElapsedTime(_start);

        /// <summary>What is left of its wait for quota.</summary>
        public TimeSpan Patience
        {
            get
            {
                if (request.Admission is not { } admission)
                    return TimeSpan.Zero;
                var most = request.MaxWait is { } own && own < admission.MaxWait ? own : admission.MaxWait;
                var patience = most - admission.Waited;
                if (admission.Deadline is not null && Left < patience)
                    patience = Left;
                return patience > TimeSpan.Zero ? patience : TimeSpan.Zero;
            }
        }
    }
}
