using System.Net;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Simulator;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>The store goes away under three real gateways, and comes back.</summary>
public sealed class ReplicaOutageTests : IAsyncLifetime
{
    private const int Limit = 600, Daily = 1_000_000;

    private readonly GarnetServer _store = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Store_StoppedUnderTrafficAndStarted_ServesTheShareRefusesMoneyAndCountsAgain()
    {
        await using var cloud = await SimulatedCloud.StartAsync(Replicas.Cloud(new SimulatedLimits { RequestsPerMinute = Limit }));
        await using var replicas = await Replicas.StartAsync(
            _store, cloud.OpenAiUri.AbsoluteUri, $"\"requestsPerMinute\": {Limit}", $"\"requestsPerMinute\": {Limit}, \"tokensPerDay\": {Daily}", timeout: 2000);
        using var stop = new CancellationTokenSource();
        var traffic = Enumerable.Range(0, 3).Select(i => AskUntilAsync(replicas, i, stop.Token)).ToList();
        await Eventually.TrueAsync(() => Accepted(cloud) > 12, "traffic flows");
        Assert.True((await replicas.AskAsync(0, "bob")).IsAnswer);

        await _store.KillAsync();

        for (var i = 0; i < 3; i++)
        {
            (await replicas.AskAsync(i, "bob")).AssertRefusal(HttpStatusCode.ServiceUnavailable);
            var during = await replicas.AskAsync(i, "alice");
            Assert.True(during.IsAnswer, during.Body);
        }
        var before = Accepted(cloud);
        await Eventually.TrueAsync(() => Accepted(cloud) > before + 12, "traffic flows without the store");

        await _store.StartAsync();

        for (var i = 0; i < 3; i++)
            await Eventually.TrueAsync(async () => (await replicas.AskAsync(i, "bob")).IsAnswer, $"gateway {i} counts money again");
        await stop.CancelAsync();
        var replies = (await Task.WhenAll(traffic)).SelectMany(r => r).ToList();
        Output($"outage: {replies.Count} requests of the traffic, {replies.Count(r => r.IsAnswer)} answered, {Accepted(cloud)} accepted upstream, upstream refusals {Replicas.Refusals(cloud)}");
        Assert.All(replies, r => r.AssertAnswerOr429());
        Assert.Equal(0, Replicas.Refusals(cloud));

        await CountsAgainAsync(replicas);
        replicas.AssertWell(0, 1, 2);
    }

    /// <summary>What one gateway counts, another one tells, to the token.</summary>
    private static async Task CountsAgainAsync(Replicas replicas)
    {
        var left = -1L;
        await Eventually.TrueAsync(async () => left == (left = await replicas.LeftAsync(0, "alice", "tokens per day")), "all that was open is settled");
        var answers = await replicas.AskAllAsync(9, "alice");
        Assert.All(answers, a => Assert.True(a.IsAnswer, a.Body));
        for (var i = 0; i < 3; i++)
            await Eventually.TrueAsync(async () => await replicas.LeftAsync(i, "alice", "tokens per day") == left - answers.Sum(a => a.Tokens), $"gateway {i} sees what all three counted");
    }

    private static async Task<List<Reply>> AskUntilAsync(Replicas replicas, int replica, CancellationToken stop)
    {
        var replies = new List<Reply>();
        while (!stop.IsCancellationRequested)
        {
            replies.Add(await replicas.AskAsync(replica, "alice"));
            await Task.Delay(100, CancellationToken.None);
        }
        return replies;
    }

    private static long Accepted(SimulatedCloud cloud) => cloud.State.Accounts.Sum(a => a.Accepted);

    private static void Output(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);
}
