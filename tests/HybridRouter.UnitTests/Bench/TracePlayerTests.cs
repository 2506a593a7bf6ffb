using HybridRouter.Bench;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Bench;

public sealed class TracePlayerTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Play_Requests_GoOutWhenDueWhateverBecameOfThoseBefore()
    {
        var client = new HeldClient();
        var playing = new TracePlayer(_clock, TimeSpan.FromSeconds(60)).PlayAsync(Trace(0, 5), client, TestContext.Current.CancellationToken);

        await client.Asked(1);
        _clock.Advance(TimeSpan.FromSeconds(5));
        await client.Asked(2);
        _clock.Advance(TimeSpan.FromSeconds(2));
        client.Answer(200);
        client.Answer(429);
        var outcomes = await playing;

        Assert.Equal([(Ending.Answered, 7), (Ending.Refused, 2)], outcomes.Select(o => (o.Ending, (int)o.Elapsed.TotalSeconds)));
    }

    [Fact]
    public async Task Play_NoAnswerByTheDeadline_IsLateAndTheClientLeaves()
    {
        var client = new HeldClient();
        var playing = new TracePlayer(_clock, TimeSpan.FromSeconds(60)).PlayAsync(Trace(0), client, TestContext.Current.CancellationToken);

        await client.Asked(1);
        _clock.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(Ending.Late, Assert.Single(await playing).Ending);
    }

    [Fact]
    public async Task Play_Cancelled_Throws()
    {
        using var stop = new CancellationTokenSource();
        var client = new HeldClient();
        var playing = new TracePlayer(_clock, TimeSpan.FromSeconds(60)).PlayAsync(Trace(0), client, stop.Token);

        await client.Asked(1);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => playing);
    }

    private static Trace Trace(params double[] seconds) =>
        new(1, TimeSpan.FromMinutes(1), [.. seconds.Select(s => new BenchRequest(TimeSpan.FromSeconds(s), new BenchPrompt("p"), 1, default))]);

    /// <summary>Answers when told to, in the order asked.</summary>
    private sealed class HeldClient : IBenchClient
    {
        private readonly Queue<TaskCompletionSource<ChatTry>> _open = new();
        private readonly SemaphoreSlim _asked = new(0);
        private int _seen;

        public async Task Asked(int count)
        {
            for (; _seen < count; _seen++)
                await _asked.WaitAsync(TestContext.Current.CancellationToken);
        }

        public void Answer(int status) => _open.Dequeue().SetResult(new ChatTry(status, null));

        public async Task<ChatTry> AskAsync(BenchRequest request, CancellationToken cancellationToken)
        {
            var answer = new TaskCompletionSource<ChatTry>(TaskCreationOptions.RunContinuationsAsynchronously);
            _open.Enqueue(answer);
            _asked.Release();
            return await answer.Task.WaitAsync(cancellationToken);
        }
    }
}
