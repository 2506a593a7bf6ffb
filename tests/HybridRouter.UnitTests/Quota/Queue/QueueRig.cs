using HybridRouter.Configuration;
using HybridRouter.Quota;
using HybridRouter.Quota.Queue;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Quota.Queue;

/// <summary>A queue before a real store with one bucket that starts empty, 10 tokens a second, at most 1,000; the clock is the test's.</summary>
internal sealed class QueueRig : IDisposable
{
    public const double PerSecond = 10;
    private readonly List<string> _granted = [];
    private readonly List<Task> _admitting = [];
    private int _tries;

    public QueueRig(int maxWaiting = 1000)
    {
        Store = new InProcessQuotaStore(Time);
        Queue = new AdmissionQueue(new QueueOptions { MaxWaiting = maxWaiting }, (tokens, _) => Estimate(tokens), Time);
        Store.Freed += Queue.Wake;
        Drain().GetAwaiter().GetResult();
    }

    public WatchedTime Time { get; } = new();

    public InProcessQuotaStore Store { get; }

    public AdmissionQueue Queue { get; }

    public Meter Bucket { get; } = new("tokens", MeterKind.Bucket, MeterUnit.Tokens, (long)(PerSecond * 60)) { Capacity = 1000 };

    /// <summary>Names of those granted, in order.</summary>
    public IReadOnlyList<string> Granted
    {
        get { lock (_granted) return [.. _granted]; }
    }

    /// <summary>Tries at the store.</summary>
    public int Tries => Volatile.Read(ref _tries);

    /// <summary>Runs inside each try, before the store decides.</summary>
    public Func<string, Task>? BeforeTry { get; set; }

    /// <summary>Until the bucket holds this much.</summary>
    public TimeSpan Estimate(double tokens) => TimeSpan.FromSeconds(Math.Max(0, tokens - Level) / PerSecond);

    public double Level => Store.ReadAsync([Bucket], CancellationToken.None).AsTask().Result[0].Remaining;

    public Task<QuotaVerdict> AdmitAsync(
        string name, long tokens, double maxWait = 30, RequestPriority priority = RequestPriority.Interactive, Action<TimeSpan>? waiting = null, CancellationToken cancellationToken = default) =>
        Track(Queue.AdmitAsync(
            new QueueRequest(priority, name.Split('-')[0], tokens, TimeSpan.FromSeconds(maxWait)) { Waiting = waiting },
            _ => ReserveAsync(name, tokens),
            cancellationToken));

    public Task<QuotaVerdict> AdmitAsync(QueueRequest request, Func<CancellationToken, ValueTask<QuotaVerdict>> reserve) => Track(Queue.AdmitAsync(request, reserve, CancellationToken.None));

    /// <summary>Moves the clock, whenever all was done that can be done at this moment, until the task has ended; returns the seconds that took.</summary>
    public async Task<double> UntilAsync(Task task)
    {
        var start = Time.GetTimestamp();
        while (true)
        {
            await EventuallyAsync(() => task.IsCompleted || IsSettled);
            if (task.IsCompleted)
                return Time.GetElapsedTime(start).TotalSeconds;
            Time.Advance(TimeSpan.FromSeconds(0.05));
        }
    }

    /// <summary>Lets all be done that can be done at this moment; somebody must wait.</summary>
    public Task SettleAsync() => EventuallyAsync(() => IsSettled);

    /// <summary>The queue's loop pauses, and who left the line has its answer.</summary>
    private bool IsSettled => Time.Pending > 0 && !Queue.HasNews && _admitting.Count(t => !t.IsCompleted) == Queue.Snapshot(RequestPriority.Batch).Waiting;

    private Task<QuotaVerdict> Track(Task<QuotaVerdict> admitting)
    {
        _admitting.Add(admitting);
        return admitting;
    }

    /// <summary>Lets other threads run until something is so.</summary>
    public static async Task EventuallyAsync(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 20_000_000, "It never came to be so.");
            await Task.Yield();
        }
    }

    public void Dispose() => Queue.Dispose();

    /// <summary>A fake clock that knows how many timers run: the queue's loop has one while it pauses, and none while it works.</summary>
    public sealed class WatchedTime : FakeTimeProvider
    {
        private int _pending;

        public int Pending => Volatile.Read(ref _pending);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            // The store sweeps now and then, whatever the queue does.
            if (period != Timeout.InfiniteTimeSpan)
                return base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _pending);
            var over = 0;
            void End()
            {
                if (Interlocked.Exchange(ref over, 1) == 0)
                    Interlocked.Decrement(ref _pending);
            }
            return new WatchedTimer(base.CreateTimer(s => { End(); callback(s); }, state, dueTime, period), End);
        }
    }

    private sealed class WatchedTimer(ITimer timer, Action end) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            end();
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            end();
            return timer.DisposeAsync();
        }
    }

    private async Task Drain()
    {
        var verdict = await Store.ReserveAsync(new QuotaClaim { Options = [[new Charge(Bucket, 1000)]] }, CancellationToken.None);
        Assert.True(verdict.Granted);
    }

    private async ValueTask<QuotaVerdict> ReserveAsync(string name, long tokens)
    {
        Interlocked.Increment(ref _tries);
        if (BeforeTry is { } before)
            await before(name);
        var verdict = await Store.ReserveAsync(new QuotaClaim { Options = [[new Charge(Bucket, tokens)]] }, CancellationToken.None);
        if (verdict.Granted)
        {
            lock (_granted)
                _granted.Add(name);
        }
        return verdict;
    }
}
