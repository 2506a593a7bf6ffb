namespace HybridRouter.Quota.Queue;

/// <summary>A request in the line, with the one who waits for it. All but <see cref="Answer"/> is guarded by the queue's lock.</summary>
internal sealed class PendingAdmission(
    QueueRequest request, TimeSpan since, Func<CancellationToken, ValueTask<QuotaVerdict>> reserve, CancellationToken cancellationToken) : Waiter(request, since)
{
    private readonly TaskCompletionSource<QuotaVerdict?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Null: its patience ended, it gave its place to another, or the queue was disposed.</summary>
    public Task<QuotaVerdict?> Answer => _answer.Task;

    /// <summary>No try before this, unless something became free.</summary>
    public TimeSpan NextTry { get; set; }

    /// <summary>What had become free until its last try; -1 = it was not tried.</summary>
    public long FreedSeen { get; set; } = -1;

    /// <summary>It was cancelled during a try.</summary>
    public bool Withdrawn { get; set; }

    /// <summary>A try that is abandoned half-way could leave a grant that nobody knows of, so it is never cancelled.</summary>
    public ValueTask<QuotaVerdict> TryAsync() => reserve(CancellationToken.None);

    public void Finish(QuotaVerdict? verdict) => _answer.TrySetResult(verdict);

    public void Fail(Exception exception) => _answer.TrySetException(exception);

    public void Cancel() => _answer.TrySetCanceled(cancellationToken);
}
