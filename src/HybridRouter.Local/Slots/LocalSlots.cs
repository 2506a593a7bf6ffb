namespace HybridRouter.Local.Slots;

/// <summary>
/// Admission to one model of an engine that would queue without bound: at most <see cref="Capacity"/> requests are let
/// through, the others wait here, first come first served, where the wait is seen and limited. Thread-safe.
/// </summary>
internal sealed class LocalSlots(int capacity, TimeProvider time)
{
    /// <summary>What one request is taken to last before the first has been measured.</summary>
    public static readonly TimeSpan AssumedServiceTime = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = new();
    private readonly ServiceTime _serviceTime = new(AssumedServiceTime);
    private int _capacity = Math.Max(1, capacity);
    private int _inUse;

    /// <summary>Requests let through at the same time. Lowering it takes effect as leases come back.</summary>
    public int Capacity
    {
        get { lock (_gate) return _capacity; }
        set
        {
            lock (_gate)
            {
                _capacity = Math.Max(1, value);
                GrantWaiting();
            }
        }
    }

    /// <summary>Free slots, waiting requests and the wait of a request that would come now: for information, never for admission.</summary>
    public (int Free, int Waiting, TimeSpan EstimatedWait) Snapshot()
    {
        lock (_gate)
        {
            var free = Math.Max(0, _capacity - _inUse);
            return (free, _waiting.Count, free > 0 ? TimeSpan.Zero : _serviceTime.UntilTurn(_waiting.Count, _capacity));
        }
    }

    /// <summary>Null when no slot came free within <paramref name="maxWait"/>.</summary>
    public async Task<SlotLease?> AcquireAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<TaskCompletionSource> node;
        lock (_gate)
        {
            if (_inUse < _capacity)
            {
                _inUse++;
                return CreateLease();
            }
            if (maxWait <= TimeSpan.Zero)
                return null;
            node = _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        try
        {
            await node.Value.Task.WaitAsync(maxWait < LongestWait ? maxWait : LongestWait, time, cancellationToken).ConfigureAwait(false);
            return CreateLease();
        }
        catch (TimeoutException)
        {
            // The grant may have come between the timeout and here; then it is taken.
            return Withdraw(node) ? null : CreateLease();
        }
        catch (OperationCanceledException)
        {
            if (!Withdraw(node))
                Release();
            throw;
        }
    }

    private SlotLease CreateLease() => new(
        lease =>
        {
            _serviceTime.Add(time.GetElapsedTime(lease.StartedAt));
            Release();
        },
        time.GetTimestamp());

    private bool Withdraw(LinkedListNode<TaskCompletionSource> node)
    {
        lock (_gate)
        {
            if (node.List is null)
                return false;
            _waiting.Remove(node);
            return true;
        }
    }

    private void Release()
    {
        lock (_gate)
        {
            _inUse--;
            GrantWaiting();
        }
    }

    private void GrantWaiting()
    {
        while (_inUse < _capacity && _waiting.First is { } first)
        {
            _inUse++;
            _waiting.RemoveFirst();
            first.Value.SetResult();
        }
    }
}
