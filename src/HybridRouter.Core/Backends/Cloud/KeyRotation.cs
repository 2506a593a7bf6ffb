namespace HybridRouter.Backends.Cloud;

/// <summary>A provider's keys in simple rotation. A key that was told to wait, or was refused, is passed over. Thread-safe.</summary>
internal sealed class KeyRotation(IReadOnlyList<string?> keys, TimeProvider time)
{
    /// <summary>How long a key with refused credentials or spent quota is left alone.</summary>
    public static readonly TimeSpan OutOfService = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly (DateTimeOffset Until, FailureKind Why)[] _rest = new (DateTimeOffset, FailureKind)[keys.Count];
    private int _next;

    public int Count => keys.Count;

    /// <summary>The next usable key, or false with the time until the first one is usable again.</summary>
    public bool TryTake(out UpstreamKey key, out TimeSpan wait, out FailureKind why)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            (wait, why) = (TimeSpan.MaxValue, default);
            for (var i = 0; i < keys.Count; i++)
            {
                var index = (_next + i) % keys.Count;
                if (_rest[index].Until <= now)
                {
                    _next = (index + 1) % keys.Count;
                    key = new UpstreamKey(index, keys[index]);
                    return true;
                }
                if (_rest[index].Until - now < wait)
                    (wait, why) = (_rest[index].Until - now, _rest[index].Why);
            }
            key = default;
            return false;
        }
    }

    /// <summary>Looks without taking a turn.</summary>
    public bool AnyUsable(out TimeSpan wait, out FailureKind why)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            (wait, why) = (TimeSpan.MaxValue, default);
            foreach (var rest in _rest)
            {
                if (rest.Until <= now)
                    return true;
                if (rest.Until - now < wait)
                    (wait, why) = (rest.Until - now, rest.Why);
            }
            return false;
        }
    }

    /// <summary>A longer rest that was set before is kept.</summary>
    public void Rest(UpstreamKey key, TimeSpan duration, FailureKind why)
    {
        lock (_gate)
        {
            var until = time.GetUtcNow() + duration;
            if (until > _rest[key.Index].Until)
                _rest[key.Index] = (until, why);
        }
    }
}

/// <summary>A key by its position; the text itself goes nowhere but into the request.</summary>
internal readonly record struct UpstreamKey(int Index, string? Secret)
{
    public override string ToString() => $"key {Index + 1}";
}
