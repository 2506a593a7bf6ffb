using System.Net;
using System.Text.Json;
using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.Gateway;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Simulator;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>An upstream that fails, and clients that leave: users are answered, limits hold, nothing stays reserved and nothing is charged twice.</summary>
public sealed class UpstreamFaultTests
{
    private const int Slots = 6, Daily = 1_000_000;

    private static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    [Theory]
    [InlineData(SimulatedFaultKind.Hang)]
    [InlineData(SimulatedFaultKind.Cut)]
    [InlineData(SimulatedFaultKind.Status)]
    [InlineData(SimulatedFaultKind.EmptyStream)]
    public async Task Fault_BeforeTheFirstByte_IsAnsweredLocallyAndFreesAll(SimulatedFaultKind kind)
    {
        await using var gateway = await StartWithLimitsAsync(_ => { });
        gateway.Cloud.AddFault(new SimulatedFault { Kind = kind, AfterEvents = 0, Times = Slots });
        // Streams: the failure comes before any byte that a client could have seen.
        var answers = await Task.WhenAll(Enumerable.Range(0, Slots).Select(_ => gateway.ChatAsync("hard", ",\"stream\":true")));

        foreach (var answer in answers)
        {
            Assert.NotEmpty(await EventsAsync(answer));
            answer.Dispose();
        }
        Output.WriteLine($"{kind}: {Posts(gateway.Cloud).Count} upstream, {Posts(gateway.Local).Count} local");
        Assert.NotEmpty(Posts(gateway.Local));
        await AllFreeAsync(gateway);
        await Eventually.TrueAsync(async () => await RouteOfNextAsync(gateway) == "cloud", "the cloud is used again", seconds: 40);
        await AllFreeAsync(gateway);
        Assert.All(await KeyLimitsAsync(gateway), l => Assert.Equal(0, l.InFlight));
    }

    [Fact]
    public async Task Upstream_GoneAndBack_IsBridgedLocally()
    {
        var cloud = await SimulatedCloud.StartAsync(CloudOptions());
        await using var gateway = await StartWithLimitsAsync(o => o.Cloud.Providers[0].BaseUrl = cloud.OpenAiUri.AbsoluteUri);
        Assert.Equal("cloud", await RouteOfNextAsync(gateway));
        await cloud.DisposeAsync();

        for (var i = 0; i < 12; i++)
            Assert.Equal("local", await RouteOfNextAsync(gateway));

        await AllFreeAsync(gateway);
        await using var back = await SimulatedCloud.StartAsync(CloudOptions(cloud.BaseUri.AbsoluteUri.TrimEnd('/')));
        await Eventually.TrueAsync(async () => await RouteOfNextAsync(gateway) == "cloud", "the cloud is used again", seconds: 40);
        await AllFreeAsync(gateway);
        Assert.All(await KeyLimitsAsync(gateway), l => Assert.Equal(0, l.InFlight));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(999_999)]
    public async Task Headers_ThatLie_ProvokeNoRefusal(long remaining)
    {
        const int Limit = 20;
        await using var gateway = await StartWithLimitsAsync(o => o.Cloud.Providers[0].Models[0].Limits = new UpstreamLimitOptions { RequestsPerMinute = Limit });
        gateway.Cloud.SetLimits(new SimulatedLimits { RequestsPerMinute = Limit });
        gateway.Cloud.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.FalseLimits, Remaining = remaining });
        var routes = new List<string>();

        for (var i = 0; i < Limit * 2; i++)
            routes.Add(await RouteOfNextAsync(gateway));

        var account = Assert.Single(gateway.Cloud.State.Accounts);
        Output.WriteLine($"told {remaining} left: {account.Accepted} accepted of a limit of {Limit}, {account.Seen - account.Accepted} refused upstream");
        Assert.Equal(0, account.Seen - account.Accepted);
        Assert.Equal(account.Accepted, routes.Count(r => r == "cloud"));
        Assert.Contains("local", routes);
        await AllFreeAsync(gateway);
    }

    [Theory]
    [InlineData("v1/chat/completions")]
    [InlineData("v1/responses")]
    public async Task Stream_LeftInTheMiddle_IsChargedOnce(string path)
    {
        const int OutputTokens = 120;
        var options = CloudOptions();
        (options.OutputTokens, options.TokensPerSecond) = (OutputTokens, 40);
        await using var cloud = await SimulatedCloud.StartAsync(options);
        await using var gateway = await StartWithLimitsAsync(o => o.Cloud.Providers[0].BaseUrl = cloud.OpenAiUri.AbsoluteUri);
        var json = path.EndsWith("responses", StringComparison.Ordinal) ? Response("hard", ",\"stream\":true") : Chat("hard", ",\"stream\":true");
        using (var whole = await gateway.PostAsync(path, json))
            await EventsAsync(whole);
        await AllFreeAsync(gateway);
        var (full, before) = (Daily - await LeftAsync(gateway, "tokens per day"), await LeftAsync(gateway, "tokens per day"));

        // More than half of it is read, so that two charges would be more than the whole.
        using (var left = await gateway.PostAsync(path, json))
        {
            using var reader = new StreamReader(await left.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
            for (var deltas = 0; deltas < OutputTokens * 3 / 5;)
            {
                var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
                Assert.NotNull(line);
                deltas += line.StartsWith("data: ", StringComparison.Ordinal) && line.Contains("delta", StringComparison.Ordinal) ? 1 : 0;
            }
            // A response that is only disposed of is read to its end for a while; a read that is given up ends the connection.
            using var leave = new CancellationTokenSource();
            var rest = reader.ReadToEndAsync(leave.Token);
            await leave.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rest);
        }
        await AllFreeAsync(gateway);

        var charged = before - await LeftAsync(gateway, "tokens per day");
        Output.WriteLine($"{path}: whole answer {full} tokens, left in the middle {charged}, upstream counted {cloud.State.Accounts.Sum(a => a.InputTokens + a.OutputTokens)}, left by client {cloud.State.Accounts.Sum(a => a.CancelledByClient)}");
        Assert.InRange(charged, full / 2, full);
        Assert.Equal(1, cloud.State.Accounts.Sum(a => a.CancelledByClient));
        await JsonAsync(await gateway.ChatAsync("easy"));
        await AllFreeAsync(gateway);
        Assert.Equal(2, cloud.State.Accounts.Sum(a => a.Accepted));
    }

    private static Task<TestGateway> StartWithLimitsAsync(Action<RouterOptions> change) => StartAsync(o =>
    {
        o.Server.ClientKeys[0].Admin = true;
        o.Limits.EachKey = new CallerLimitOptions { ConcurrentRequests = Slots, TokensPerDay = Daily };
        o.Quota.Queue.InteractiveSeconds = 0.2;
        o.Cloud.Providers[0].FirstByteTimeoutSeconds = 1;
        o.Cloud.Providers[0].AnswerTimeoutSeconds = 2;
        o.Cloud.Providers[0].BackoffSeconds = 0.05;
        o.Cloud.Providers[0].Models[0].Limits = new UpstreamLimitOptions { ConcurrentRequests = Slots };
        change(o);
    });

    private static SimulatedCloudOptions CloudOptions(string url = "http://127.0.0.1:0") =>
        new() { Urls = url, FirstTokenMilliseconds = 0, TokensPerSecond = 0, Keys = [new SimulatedKeyOptions { Key = CloudKey }] };

    /// <summary>A hard prompt is answered, by whoever can.</summary>
    private static async Task<string> RouteOfNextAsync(TestGateway gateway)
    {
        using var response = await gateway.ChatAsync("hard");
        await JsonAsync(response);
        return Route(response);
    }

    /// <summary>No reservation of the caller is left.</summary>
    private static Task AllFreeAsync(TestGateway gateway) =>
        Eventually.TrueAsync(async () => await LeftAsync(gateway, "at a time") == Slots, "every place of the caller is free");

    private static async Task<long> LeftAsync(TestGateway gateway, string limit)
    {
        var limits = (await QuotaAsync(gateway)).GetProperty("caller").GetProperty("limits").EnumerateArray();
        return (long)limits.Single(l => l.GetProperty("limit").GetString()!.Contains(limit, StringComparison.Ordinal)).GetProperty("remaining").GetDouble();
    }

    private static async Task<List<(string Key, int InFlight)>> KeyLimitsAsync(TestGateway gateway) =>
        [.. from provider in (await QuotaAsync(gateway)).GetProperty("providers").EnumerateArray()
            from key in provider.GetProperty("keys").EnumerateArray()
            from model in key.GetProperty("models").EnumerateArray()
            select (key.GetProperty("name").GetString()!, model.GetProperty("in_flight").GetInt32())];

    private static async Task<JsonElement> QuotaAsync(TestGateway gateway)
    {
        using var response = await gateway.Http.GetAsync(new Uri("v1/quota", UriKind.Relative), TestContext.Current.CancellationToken);
        return await JsonAsync(response, HttpStatusCode.OK);
    }
}
