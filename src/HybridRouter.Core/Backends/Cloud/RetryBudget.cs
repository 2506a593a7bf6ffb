namespace HybridRouter.Backends.Cloud;

/// <summary>
/// Retries as a share of the traffic of the last minute, so that they cannot make an outage worse, with a floor for quiet
/// times (as Finagle's RetryBudget has it). Thread-safe.
/// </summary>
/// <param name="percent">Of the requests, 0..1000.</param>
internal sealed class RetryBudget(double percent, TimeProvider time)
{
    /// <summary>Retries a minute that are allowed in any case.</summary>
    public const int Floor = 10;

    private const int Slots = 12;
    private static readonly TimeSpan SlotLength = TimeSpan.FromMinutes(1) / Slots;

    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private readonly (int Requests, int Retries)[] _slots = new (int, int)[Slots];
    private long _slot;

    public void Request()
    {
        lock (_gate)
            Current().Requests++;
    }

    /// <summary>False: the budget is spent, and the failure stands.</summary>
    public bool TryRetry()
    {
        lock (_gate)
        {
            ref var current = ref Current();
            var (requests, retries) = (_slots.Sum(s => (long)s.Requests), _slots.Sum(s => (long)s.Retries));
            if (retries >= Math.Max(Floor, requests * percent / 100))
                return false;
            current.Retries++;
            return true;
        }
    }

    private ref (int Requests, int Retries) Current()
    {
        var slot = time.GetElapsedTime(_start).Ticks / SlotLength.Ticks;
        for (var passed = Math.Max(_slot + 1, slot - Slots + 1); passed <= slot; passed++)
            _slots[passed % Slots] = default;
        _slot = slot;
        return ref _slots[slot % Slots];
    }
}
