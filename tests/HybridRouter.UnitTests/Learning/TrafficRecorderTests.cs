using HybridRouter.Configuration;
using HybridRouter.Learning;
using HybridRouter.Triage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Learning;

public sealed class TrafficRecorderTests
{
    [Fact]
    public async Task Dispose_RequestsThatWait_AreAllWritten()
    {
        await using var rig = new TrafficRig();
        for (var i = 0; i < TrafficRecorder.Capacity; i++)
            rig.Recorder.Observe(rig.Seen($"question {i}"));

        await rig.ReopenAsync();

        Assert.Equal((TrafficRecorder.Capacity, 0), (rig.Store.ReadStatus().Requests, rig.Dropped));
    }

    [Fact]
    public async Task Observe_FullLine_DropsAndCountsAndDoesNotWait()
    {
        using var go = new SemaphoreSlim(0);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var rig = new TrafficRig(embed: _ =>
        {
            begun.TrySetResult();
            go.Wait(TrafficRig.Cancel);
            return [1];
        });
        // Also when an assertion fails: the end of the rig waits for the worker.
        using var end = new Release(go);
        rig.Recorder.Observe(rig.Seen("first"));
        await begun.Task.WaitAsync(TrafficRig.Cancel);
        for (var i = 0; i < TrafficRecorder.Capacity + 7; i++)
        {
            var seen = rig.Seen($"question {i}", $"req_q{i}");
            rig.Recorder.Announce(seen.RequestId, seen.Caller);
            rig.Recorder.Observe(seen);
        }

        Assert.Equal(7, rig.Dropped);
        // What was dropped cannot be judged either.
        Assert.True(await rig.SayAsync($"req_q{TrafficRecorder.Capacity - 1}", rating: 1));
        Assert.False(await rig.SayAsync($"req_q{TrafficRecorder.Capacity}", rating: 1));
        end.Dispose();
        await rig.Recorder.FlushAsync(TrafficRig.Cancel);
        Assert.Equal(TrafficRecorder.Capacity + 1, rig.Store.ReadStatus().Requests);
    }

    [Fact]
    public async Task Observe_AfterTheEnd_IsCountedAsDropped()
    {
        await using var rig = new TrafficRig();
        await rig.Recorder.DisposeAsync();

        rig.Recorder.Observe(rig.Seen());

        Assert.Equal(1, rig.Dropped);
        await rig.Recorder.FlushAsync(TrafficRig.Cancel);
        await rig.Recorder.DisposeAsync();
    }

    [Fact]
    public async Task Embedding_IsKeptWithTheSample_AndOneThatFailsCostsOnlyItsRequest()
    {
        await using var rig = new TrafficRig(embed: text => text.Contains("bad", StringComparison.Ordinal) ? throw new InvalidOperationException("bad prompt") : [0.6f, -0.8f]);
        await rig.KeepAsync(rig.Seen("bad", "req_bad"), rig.Seen("good", "req_good"));
        await rig.SayAsync("req_good", rating: 1);

        Assert.Equal(1, rig.Dropped);
        // As the second opinion reads it: of the length that an embedding has in its vector.
        const float Norm = HybridRouter.Triage.Features.FeatureSchema.EmbeddingNorm;
        Assert.Equal([(float)(Half)(Norm * 0.6f), (float)(Half)(Norm * -0.8f)], Assert.Single(rig.Samples()).Embedding!);
        Assert.Null(Assert.Single(rig.Store.Read(new TrafficQuery(PromptDomain.Code, HybridRouter.Triage.Features.FeatureSchema.Hash) { Encoder = "another" })).Embedding);
    }

    [Fact]
    public async Task Write_DiskThatFails_IsTriedAgainUntilItWorks()
    {
        var logs = new FirstError();
        await using var rig = new TrafficRig();
        await rig.Recorder.DisposeAsync();
        await using var recorder = new TrafficRecorder(rig.Store, rig.Time, () => Assert.Fail("dropped"), null, logs);
        rig.Execute("ALTER TABLE requests RENAME TO away");
        recorder.Observe(rig.Seen(id: "req_a"));
        await logs.Seen.WaitAsync(TrafficRig.Cancel);
        rig.Execute("ALTER TABLE away RENAME TO requests");

        var flushed = recorder.FlushAsync(TrafficRig.Cancel);
        while (!flushed.IsCompleted)
        {
            rig.Time.Advance(TrafficRecorder.RetryDelay);
            await Task.WhenAny(flushed, Task.Delay(5, TrafficRig.Cancel));
        }

        await flushed;
        Assert.Equal(1, rig.Store.ReadStatus().Requests);
    }

    [Fact]
    public async Task Sweeper_DayAfterDay_RemovesWhatHasExpired()
    {
        await using var rig = new TrafficRig();
        await rig.KeepAsync(rig.Seen("old"));
        rig.Advance(7200);
        await rig.KeepAsync(rig.Seen("young"));
        using var stop = new CancellationTokenSource();
        var running = new HybridRouter.Storage.RetentionSweep("kept traffic", TimeSpan.FromHours(2.5), rig.Store.SweepAsync, rig.Time, NullLogger<HybridRouter.Storage.RetentionSweep>.Instance).RunAsync(stop.Token);
        Assert.Equal(2, rig.Store.ReadStatus().Requests);

        // Not all at once: the sweeper sets its clock when the first sweep is over.
        for (var minutes = 0; rig.Store.ReadStatus().Requests == 2 && minutes < 140; minutes += 2)
        {
            rig.Time.Advance(TimeSpan.FromMinutes(2));
            await Task.Delay(5, TrafficRig.Cancel);
        }

        Assert.Equal(1, rig.Store.ReadStatus().Requests);
        await stop.CancelAsync();
        await running;
    }

    private sealed class Release(SemaphoreSlim held) : IDisposable
    {
        public void Dispose() => held.Release(2 * TrafficRecorder.Capacity);
    }

    private sealed class FirstError : Microsoft.Extensions.Logging.ILogger<TrafficRecorder>
    {
        private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Seen => _seen.Task;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(Microsoft.Extensions.Logging.LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _seen.TrySetResult();
    }
}
