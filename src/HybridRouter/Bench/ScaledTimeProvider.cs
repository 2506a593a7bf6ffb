namespace HybridRouter.Bench;

/// <summary>
/// A clock that runs a number of times as fast as another one, its timers too. How fast can change while it runs: time goes
/// on from where it is, and timers that are set keep their moment on this clock. A timer may be late, as any may, but
/// is never early. Thread-safe.
/// </summary>
internal sealed class ScaledTimeProvider : TimeProvider, IDisposable
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<Appointment, long> _due = new();
    private readonly TimeProvider _real;
    private readonly long _start;
    private readonly DateTimeOffset _startUtc;
    private readonly ITimer _alarm;
    private double _factor;
    private long _realBase;
    private long _base;

    /// <param name="factor">How much faster, more than 0.</param>
    /// <param name="real">The clock that is sped up.</param>
    public ScaledTimeProvider(double factor, TimeProvider real)
    {
        (_factor, _real, _startUtc) = (factor, real, real.GetUtcNow());
        _start = _base = _realBase = real.GetTimestamp();
        _alarm = real.CreateTimer(static clock => ((ScaledTimeProvider)clock!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public double Factor
    {
        get
        {
            lock (_gate)
                return _factor;
        }
        set
        {
            lock (_gate)
            {
                var real = _real.GetTimestamp();
                _base += (long)((real - _realBase) * _factor);
                (_realBase, _factor) = (real, value);
                SetAlarm();
            }
        }
    }

    public override long TimestampFrequency => _real.TimestampFrequency;

    public override long GetTimestamp()
    {
        lock (_gate)
            return Now();
    }

    public override DateTimeOffset GetUtcNow() => _startUtc + GetElapsedTime(_start);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ScaledTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>No timer fires any more.</summary>
    public void Dispose() => _alarm.Dispose();

    private long Now() => _base + (long)((_real.GetTimestamp() - _realBase) * _factor);

    private void Ring()
    {
        lock (_gate)
        {
            var now = Now();
            while (_due.TryPeek(out var appointment, out var at) && at <= now)
            {
                _due.Dequeue();
                if (appointment.Timer.Keeps(appointment, at, now))
                    ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), appointment.Timer, preferLocal: false);
            }
            SetAlarm();
        }
    }

    private void SetAlarm()
    {
        if (!_due.TryPeek(out _, out var at))
            return;
        // Whole milliseconds are what system timers count; one that is a moment early finds nothing due and is set again.
        var real = TimeSpan.FromMilliseconds(Math.Ceiling((at - Now()) / _factor / TimestampFrequency * 1000));
        _alarm.Change(real > Millisecond ? real : Millisecond, Timeout.InfiniteTimeSpan);
    }

    /// <summary>When a timer fires next, unless it was changed since.</summary>
    private readonly record struct Appointment(ScaledTimer Timer, int Version);

    private sealed class ScaledTimer(ScaledTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        // Cleared when disposed: the appointment stays in the queue until it is due and must not hold what it belonged to.
        private (TimerCallback Callback, object? State)? _target = (callback, state);
        private TimeSpan _period = Timeout.InfiniteTimeSpan;
        private int _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                if (_target is null)
                    return false;
                _version++;
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    Make(clock.Now() + Ticks(dueTime));
                return true;
            }
        }

        /// <summary>Whether it is still to fire; one with a period makes its next appointment.</summary>
        public bool Keeps(Appointment appointment, long at, long now)
        {
            if (_target is null || appointment.Version != _version)
                return false;
            if (_period > TimeSpan.Zero)
                Make(Math.Max(at, now - Ticks(_period) + 1) + Ticks(_period));
            return true;
        }

        public void Fire()
        {
            (TimerCallback Callback, object? State)? target;
            lock (clock._gate)
                target = _target;
            if (target is { } t)
                t.Callback(t.State);
        }

        public void Dispose()
        {
            lock (clock._gate)
                _target = null;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Make(long at)
        {
            clock._due.Enqueue(new Appointment(this, _version), at);
            if (clock._due.Peek().Timer == this)
                clock.SetAlarm();
        }

        private long Ticks(TimeSpan time) => (long)Math.Ceiling(time.TotalSeconds * clock.TimestampFrequency);
    }
}
