using HybridRouter.Configuration;

namespace HybridRouter.Quota.Queue;

/// <summary>
/// The bounded queue in front of one cloud model: by priority, fair between tenants, with each request's own patience.
/// One for each model of a provider. Thread-safe.
/// <para><see cref="WaitingLine"/> decides who is next. One loop, alive only while somebody waits, tries the store for
/// that one: when something became free, when the wait that the store told is over, and at least every
/// <see cref="Turn.LongestPause"/>. No lock is held across a try, and no thread waits.</para>
/// </summary>
/// <param name="estimate">
/// Time until the pool has freed this many tokens and requests; for telling and refusing, never for granting. Called on
/// any thread, without a lock; must not throw.
/// </param>
public sealed class AdmissionQueue(QueueOptions options, Func<double, int, TimeSpan> estimate, TimeProvider time) : IDisposable
{
    /// <summary>Nobody is told to come back sooner.</summary>
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly WaitingLine _line = new();
    private readonly long _begin = time.GetTimestamp();
    private TaskCompletionSource _changed = Signal();
    private long _freed;
    private bool _dispatching;
    private bool _disposed;

    /// <summary>Something has changed that the loop has not looked at yet.</summary>
    internal bool HasNews
    {
        get
        {
            lock (_gate)
                return _changed.Task.IsCompleted;
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_begin);

    /// <summary>
    /// Takes quota: at once when nobody waits before this request and there is room, else in its turn. Refused at once when it
    /// cannot be served within <see cref="QueueRequest.MaxWait"/>, when the caller's own limit is what refuses, or when
    /// the queue is full of others with the same right to a place; the verdict's <see cref="QuotaVerdict.Wait"/> then tells when a retry can help.
    /// <para>A grant is returned even when <paramref name="cancellationToken"/> was cancelled while it was made, and must
    /// be settled as any other; nothing is granted to a request that was cancelled before.</para>
    /// </summary>
    /// <param name="reserve">One try at the store, for this request. Its token is never cancelled.</param>
    /// <exception cref="OperationCanceledException">It was cancelled and holds nothing.</exception>
    public async Task<QuotaVerdict> AdmitAsync(QueueRequest request, Func<CancellationToken, ValueTask<QuotaVerdict>> reserve, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        QuotaVerdict? refused = null;
        var freed = Volatile.Read(ref _freed);
        if (MayTry(request))
        {
            refused = await reserve(CancellationToken.None).ConfigureAwait(false);
            if (!Turn.MayWait(refused, request.MaxWait))
                return refused;
            cancellationToken.ThrowIfCancellationRequested();
        }
        var (expected, room) = Expect(request, refused);
        if (!room)
            return Refuse(refused, expected);
        if (expected > request.MaxWait || request.MaxWait <= TimeSpan.Zero)
            return Refuse(refused, expected - request.MaxWait);
        request.Waiting?.Invoke(expected);
        var waiter = new PendingAdmission(request, Now, reserve, cancellationToken);
        if (refused is { Wait: { } wait })
            (waiter.FreedSeen, waiter.NextTry) = (freed, waiter.Since + Turn.Pause(wait, request.MaxWait));
        if (!Enter(waiter))
            return Refuse(refused, expected);
        using var registration = cancellationToken.UnsafeRegister(_ => Withdraw(waiter), null);
        return await waiter.Answer.ConfigureAwait(false) ?? Refuse(null, Expect(request, null).Wait);
    }

    /// <summary>Who waits now and how long a new request of this priority would; cheap.</summary>
    public QueueSnapshot Snapshot(RequestPriority priority)
    {
        int waiting;
        double tokens;
        (double Tokens, int Requests) ahead;
        lock (_gate)
        {
            (waiting, tokens) = (_line.Count, _line.Tokens);
            ahead = _line.Ahead(priority, Now);
        }
        return new QueueSnapshot(waiting, tokens, estimate(ahead.Tokens, ahead.Requests + 1));
    }

    /// <summary>Something may have become free: look again.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _freed++;
            _changed.TrySetResult();
        }
    }

    /// <summary>Requests that still wait are refused. From now on nobody waits here, but who finds room is let through.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var waiter in _line.Waiting.Cast<PendingAdmission>().Where(w => !w.Trying).ToList())
                Leave(waiter).Finish(null);
            _changed.TrySetResult();
        }
    }

    /// <summary>Whether nobody waits who comes before it.</summary>
    private bool MayTry(QueueRequest request)
    {
        lock (_gate)
            return _disposed || !_line.Blocks(request.Priority, Now);
    }

    /// <summary>How long it would wait, and whether there is a place to do so.</summary>
    private (TimeSpan Wait, bool Room) Expect(QueueRequest request, QuotaVerdict? refused)
    {
        (double Tokens, int Requests) ahead;
        bool room;
        lock (_gate)
        {
            ahead = _line.Ahead(request, Now);
            room = HasRoom(request);
        }
        var wait = estimate(ahead.Tokens + request.Tokens, ahead.Requests + 1);
        return (refused?.Wait > wait && refused.RefusedBy?.Kind != MeterKind.Concurrency ? refused.Wait.Value : wait, room);
    }

    private static QuotaVerdict Refuse(QuotaVerdict? refused, TimeSpan wait) =>
        (refused ?? new QuotaVerdict { Refusal = QuotaRefusal.Options }) with { Wait = wait > ShortestRetry ? wait : ShortestRetry };

    private bool HasRoom(QueueRequest request) =>
        !_disposed && options.MaxWaiting > 0 && (_line.Count < options.MaxWaiting || _line.Yields(request, Now) is not null);

    private bool Enter(PendingAdmission waiter)
    {
        lock (_gate)
        {
            if (!HasRoom(waiter.Request))
                return false;
            if (_line.Count >= options.MaxWaiting)
                Leave((PendingAdmission)_line.Yields(waiter.Request, Now)!).Finish(null);
            _line.Add(waiter, Now);
            _changed.TrySetResult();
            if (!_dispatching)
            {
                _dispatching = true;
                // Not Task.Run: the loop serves all, so it must not run in the context of the one who happened to start it.
                ThreadPool.UnsafeQueueUserWorkItem(static queue => _ = queue.DispatchAsync(), this, preferLocal: false);
            }
            return true;
        }
    }

    private void Withdraw(PendingAdmission waiter)
    {
        lock (_gate)
        {
            if (waiter.Trying)
            {
                waiter.Withdrawn = true;
            }
            else if (waiter.Place is not null)
            {
                Leave(waiter).Cancel();
                _changed.TrySetResult();
            }
        }
    }

    private async Task DispatchAsync()
    {
        while (Step() is { } step)
        {
            if (step.Turn is { } waiter)
                await TryAsync(waiter).ConfigureAwait(false);
            else
                await step.Changed.WaitAsync(step.Pause, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Whose turn it is now, or how long to pause; null when nobody waits any more, which ends the loop.</summary>
    private (PendingAdmission? Turn, Task Changed, TimeSpan Pause)? Step()
    {
        lock (_gate)
        {
            if (_changed.Task.IsCompleted)
                _changed = Signal();
            while (true)
            {
                var now = Now;
                if (_line.Next(now) is not PendingAdmission next)
                {
                    _dispatching = false;
                    return null;
                }
                // Before anybody expires, so that room which comes at the last moment is still taken.
                if (next.NextTry <= now || next.FreedSeen != _freed)
                {
                    (next.Trying, next.FreedSeen) = (true, _freed);
                    return (next, _changed.Task, TimeSpan.Zero);
                }
                var first = (PendingAdmission)_line.FirstToExpire!;
                if (first.Until > now)
                    return (null, _changed.Task, Turn.Pause(next.NextTry - now, first.Until - now));
                Leave(first).Finish(null);
            }
        }
    }

    private async Task TryAsync(PendingAdmission waiter)
    {
        QuotaVerdict? verdict = null;
        Exception? failure = null;
        try
        {
            verdict = await waiter.TryAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = e;
        }
        lock (_gate)
        {
            waiter.Trying = false;
            var left = waiter.Until - Now;
            if (verdict is not null && !waiter.Withdrawn && !_disposed && Turn.MayWait(verdict, left))
            {
                waiter.NextTry = Now + Turn.Pause(verdict.Wait!.Value, left);
                return;
            }
            if (verdict is { Granted: true })
                _line.Serve(waiter);
            else
                _line.Remove(waiter);
        }
        if (failure is not null)
            waiter.Fail(failure);
        else if (waiter.Withdrawn && !verdict!.Granted)
            waiter.Cancel();
        else
            waiter.Finish(verdict);
    }

    private PendingAdmission Leave(PendingAdmission waiter)
    {
        _line.Remove(waiter);
        return waiter;
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
