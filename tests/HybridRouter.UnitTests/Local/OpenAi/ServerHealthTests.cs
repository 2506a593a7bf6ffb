using System.Threading.Channels;
using HybridRouter.Local.OpenAi;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Local.OpenAi;

public sealed class ServerHealthTests
{
    private static readonly ProbeResult Up = new(true, null);
    private static readonly ProbeResult Down = new(false, "down");

    private readonly FakeTimeProvider _time = new();
    private readonly Channel<TaskCompletionSource<ProbeResult>> _probes = Channel.CreateUnbounded<TaskCompletionSource<ProbeResult>>();
    private readonly Channel<ProbeResult> _changes = Channel.CreateUnbounded<ProbeResult>();

    [Fact]
    public async Task Run_ServerDown_ProbesWithGrowingPausesUntilUp()
    {
        await using var health = Start(new LargestRandom());
        Assert.Null(health.Last);
        await AnswerAsync(Down);
        foreach (var pause in new[] { 1, 2, 4, 8, 16, 30, 30 })
        {
            var next = await NextProbeAfterAsync(TimeSpan.FromSeconds(pause));
            next.SetResult(Down);
        }
        (await NextProbeAfterAsync(TimeSpan.FromSeconds(30))).SetResult(Up);

        Assert.Equal(Down, await _changes.Reader.ReadAsync());
        Assert.Equal(Up, await _changes.Reader.ReadAsync());
        Assert.Equal(Up, health.Last);
    }

    [Fact]
    public async Task ReportFailure_WhileUp_CountsAsDownAndProbesAtOnce()
    {
        await using var health = Start(new LargestRandom());
        await AnswerAsync(Up);
        Assert.Equal(Up, await _changes.Reader.ReadAsync());

        health.ReportFailure("connection refused");

        Assert.Equal(new ProbeResult(false, "connection refused"), health.Last);
        await AnswerAsync(Down); // No clock was moved.
        Assert.Equal(Down, await _changes.Reader.ReadAsync());
    }

    [Fact]
    public async Task Run_ProbeThrows_CountsAsDownAndGoesOn()
    {
        await using var health = Start(new LargestRandom());
        (await _probes.Reader.ReadAsync()).SetException(new InvalidOperationException("odd"));

        Assert.False((await _changes.Reader.ReadAsync()).Up);
        (await NextProbeAfterAsync(ServerHealth.FirstDownInterval)).SetResult(Up);
        Assert.Equal(Up, await _changes.Reader.ReadAsync());
    }

    private ServerHealth Start(Random random) => new(
        cancellationToken =>
        {
            var probe = new TaskCompletionSource<ProbeResult>();
            cancellationToken.Register(() => probe.TrySetCanceled(cancellationToken));
            _probes.Writer.TryWrite(probe);
            return probe.Task;
        },
        result => _changes.Writer.TryWrite(result),
        _time,
        random);

    private async Task AnswerAsync(ProbeResult result) => (await _probes.Reader.ReadAsync()).SetResult(result);

    /// <summary>The next probe comes within the pause, and not before half of it: the loop's own timer decides.</summary>
    private async Task<TaskCompletionSource<ProbeResult>> NextProbeAfterAsync(TimeSpan pause)
    {
        var next = _probes.Reader.ReadAsync().AsTask();
        var advanced = TimeSpan.Zero;
        while (!next.IsCompleted)
        {
            await Task.Yield();
            if (advanced < pause - TimeSpan.FromMilliseconds(50))
                Assert.False(next.IsCompleted);
            _time.Advance(TimeSpan.FromMilliseconds(50));
            advanced += TimeSpan.FromMilliseconds(50);
        }
        return await next;
    }

    private sealed class LargestRandom : Random
    {
        public override double NextDouble() => 1;
    }
}
