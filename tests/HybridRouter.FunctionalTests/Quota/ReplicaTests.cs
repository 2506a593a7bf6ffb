using System.Diagnostics;
using System.Net;
using HybridRouter.FunctionalTests.Gateway;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Simulator;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>Three real gateways on one Garnet, before one upstream key.</summary>
public sealed class ReplicaTests(GarnetServer store) : IClassFixture<GarnetServer>
{
    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    [Fact]
    public async Task Burst_OverThreeReplicas_UsesTheRequestsOfTheKeyAndProvokesNoRefusal()
    {
        const int Limit = 120;
        await using var cloud = await SimulatedCloud.StartAsync(Replicas.Cloud(new SimulatedLimits { RequestsPerMinute = Limit, TokensPerMinute = 1_000_000 }));
        await using var replicas = await Replicas.StartAsync(store, cloud.OpenAiUri.AbsoluteUri, $"\"requestsPerMinute\": {Limit}, \"tokensPerMinute\": 1000000");
        var watch = Stopwatch.StartNew();

        var replies = await replicas.AskInTurnAsync(clients: 60, requestsEach: 5);

        var account = Assert.Single(cloud.State.Accounts);
        var most = Limit * (1 + watch.Elapsed.TotalMinutes);
        Output.WriteLine($"requests: accepted {account.Accepted} of at most {most:0.0} in {watch.Elapsed.TotalSeconds:0.0} s, upstream refusals {Replicas.Refusals(cloud)}");
        Assert.Equal(0, Replicas.Refusals(cloud));
        Assert.InRange(account.Accepted, Limit * 0.9, most);
        Assert.Equal(account.Accepted, replies.Count(r => r.IsAnswer));
        Assert.All(replies, r => r.AssertAnswerOr429());
        replicas.AssertWell(0, 1, 2);
    }

    [Fact]
    public async Task Burst_OverThreeReplicas_UsesTheTokensOfTheKeyAndProvokesNoRefusal()
    {
        const int Limit = 4000;
        await using var cloud = await SimulatedCloud.StartAsync(Replicas.Cloud(new SimulatedLimits { TokensPerMinute = Limit }));
        await using var replicas = await Replicas.StartAsync(store, cloud.OpenAiUri.AbsoluteUri, $"\"tokensPerMinute\": {Limit}");
        var watch = Stopwatch.StartNew();

        var replies = await replicas.AskInTurnAsync(clients: 30, requestsEach: 10);

        var account = Assert.Single(cloud.State.Accounts);
        var (used, most) = (account.InputTokens + account.OutputTokens, Limit * (1 + watch.Elapsed.TotalMinutes));
        Output.WriteLine($"tokens: used {used} of at most {most:0} in {watch.Elapsed.TotalSeconds:0.0} s, accepted {account.Accepted}, upstream refusals {Replicas.Refusals(cloud)}");
        Assert.Equal(0, Replicas.Refusals(cloud));
        Assert.InRange(used, Limit * 0.9, most);
        Assert.Equal(account.Accepted, replies.Count(r => r.IsAnswer));
        Assert.All(replies, r => r.AssertAnswerOr429());
        replicas.AssertWell(0, 1, 2);
    }

    [Fact]
    public async Task CallerLimit_OverThreeReplicas_IsOneLimit()
    {
        const int Limit = 50;
        await using var cloud = await SimulatedCloud.StartAsync(Replicas.Cloud(SimulatedLimits.None));
        await using var replicas = await Replicas.StartAsync(store, cloud.OpenAiUri.AbsoluteUri, "", $"\"requestsPerMinute\": {Limit}");
        var watch = Stopwatch.StartNew();

        var replies = await replicas.AskAllAsync(150, "alice");

        var (granted, most) = (replies.Count(r => r.IsAnswer), Limit * (1 + watch.Elapsed.TotalMinutes));
        Output.WriteLine($"caller: granted {granted} of at most {most:0.0} in {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(granted, Limit, most);
        Assert.Equal(granted, Assert.Single(cloud.State.Accounts).Accepted);
        Assert.All(replies, r => r.AssertAnswerOr429());
        Assert.True((await replicas.AskAsync(0)).IsAnswer, "Who has no limit is answered meanwhile.");
        replicas.AssertWell(0, 1, 2);
    }

    [Fact]
    public async Task Kill_OneWithReservationsOpen_HoldsTheirsAndLosesNothingOfTheOthers()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals to send.");
        const int Slots = 9, Daily = 1_000_000;
        using var gate = new Gate();
        await using var upstream = await ScriptedUpstream.StartAsync(gate.AnswerAsync);
        await using var replicas = await Replicas.StartAsync(store, upstream.BaseUrl, "\"requestsPerMinute\": 10000, \"concurrentRequests\": 100", $"\"concurrentRequests\": {Slots}, \"tokensPerDay\": {Daily}");
        var open = Enumerable.Range(0, Slots).Select(i => (Replica: i % 3, Answer: replicas.AskAsync(i % 3, "alice"))).ToList();
        await Eventually.TrueAsync(() => gate.Open == Slots, "all are upstream");
        var reserved = Daily - await replicas.LeftAsync(1, "alice", "tokens per day");

        await replicas.Programs[0].SignalAsync("KILL");
        foreach (var (_, answer) in open.Where(o => o.Replica == 0))
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer);

        // The places of the dead one are not given to others before its lease ends, and none is lost or given twice.
        (await replicas.AskAsync(1, "alice")).AssertRefusal(HttpStatusCode.TooManyRequests);
        (await replicas.AskAsync(2, "alice")).AssertRefusal(HttpStatusCode.TooManyRequests);
        gate.Release();
        var answers = await Task.WhenAll(open.Where(o => o.Replica != 0).Select(o => o.Answer));
        Assert.All(answers, a => Assert.True(a.IsAnswer, a.Body));
        await Eventually.TrueAsync(async () => await replicas.LeftAsync(1, "alice", "at a time") == Slots - 3, "the others' places are free");
        await Eventually.TrueAsync(async () => await replicas.LeftAsync(2, "alice", "tokens per day") == Daily - (reserved / 3) - answers.Sum(a => a.Tokens), "each answer is charged once");

        gate.Close();
        var next = Enumerable.Range(0, Slots).Select(i => replicas.AskAsync(1 + (i % 2), "alice")).ToList();
        await Eventually.TrueAsync(() => gate.Open == Slots - 3 && next.Count(n => n.IsCompleted) == 3, "as many as are free are upstream");
        gate.Release();
        var replies = await Task.WhenAll(next);
        Output.WriteLine($"after the kill: {replies.Count(r => r.IsAnswer)} of {Slots} at once");
        Assert.Equal(Slots - 3, replies.Count(r => r.IsAnswer));
        Assert.All(replies, r => r.AssertAnswerOr429());
        replicas.AssertWell(1, 2);
    }

    /// <summary>Answers of a known size that wait until they are let go.</summary>
    private sealed class Gate : IDisposable
    {
        private const string Answer = """{"id":"c1","object":"chat.completion","created":1,"model":"big","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":4,"total_tokens":11}}""";

        private volatile TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _open;

        public int Open => Volatile.Read(ref _open);

        public void Release() => _released.SetResult();

        public void Close() => _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task AnswerAsync(HttpContext context)
        {
            if (context.Request.Method != "POST")
                return;
            Interlocked.Increment(ref _open);
            try
            {
                await _released.Task.WaitAsync(context.RequestAborted);
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(Answer);
            }
            catch (OperationCanceledException)
            {
                // The gateway let go, or was killed.
            }
            finally
            {
                Interlocked.Decrement(ref _open);
            }
        }

        public void Dispose() => _released.TrySetResult();
    }
}
