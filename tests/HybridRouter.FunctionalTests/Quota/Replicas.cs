using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.FunctionalTests.Product;
using HybridRouter.Simulator;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>
/// Three gateways as real processes that count in one store, in a namespace of their own, with one upstream key and neither a local
/// engine nor another cloud. <c>alice</c> has the limits that the test gives, <c>rest</c> has none, <c>bob</c> has a budget in money.
/// </summary>
internal sealed class Replicas : IAsyncDisposable
{
    public const string Model = "big", UpstreamKey = "sk-replicas-51f0";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hybridrouter-test-");
    private readonly List<RouterProgram> _programs = [];
    private readonly List<HttpClient> _clients = [];

    public IReadOnlyList<RouterProgram> Programs => _programs;

    /// <param name="limits">Members of the upstream model's <c>limits</c>.</param>
    /// <param name="alice">Members of the limits of the client key <c>alice</c>.</param>
    /// <param name="timeout">Milliseconds until the store counts as away; long, as a busy machine is no outage.</param>
    public static async Task<Replicas> StartAsync(QuotaServer store, string baseUrl, string limits, string alice = "", int timeout = 10_000)
    {
        await store.StartAsync();
        var replicas = new Replicas();
        var space = $"t{Guid.NewGuid():N}";
        for (var i = 0; i < 3; i++)
        {
            var folder = replicas._folder.CreateSubdirectory($"replica-{i}").FullName;
            var file = Path.Combine(folder, "router.json");
            await File.WriteAllTextAsync(file, Configuration(store, space, baseUrl, limits, alice, timeout));
            replicas._programs.Add(RouterProgram.Start(["serve", "--config", file, "--urls", "http://127.0.0.1:0"], folder));
        }
        foreach (var program in replicas._programs)
            replicas._clients.Add(new HttpClient { BaseAddress = new Uri(await program.AddressAsync(), "v1/"), Timeout = TimeSpan.FromSeconds(60) });
        return replicas;
    }

    public static SimulatedCloudOptions Cloud(SimulatedLimits limits) => new()
    {
        FirstTokenMilliseconds = 0,
        TokensPerSecond = 0,
        OutputTokens = 20,
        Limits = limits,
        Keys = [new SimulatedKeyOptions { Key = UpstreamKey }],
    };

    /// <summary>429s that the cloud sent, whatever for.</summary>
    public static long Refusals(SimulatedCloud cloud) => cloud.State.Accounts.Sum(a => a.Seen - a.Accepted);

    /// <summary>One short chat request, with the answer read.</summary>
    public async Task<Reply> AskAsync(int replica, string caller = "rest")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("chat/completions", UriKind.Relative))
        {
            Content = new StringContent($$"""{"model":"{{Model}}","max_completion_tokens":40,"messages":[{"role":"user","content":"Tell me about rivers."}]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new("Bearer", $"sk-{caller}");
        using var response = await _clients[replica].SendAsync(request, TestContext.Current.CancellationToken);
        var retryAfter = response.Headers.TryGetValues("Retry-After", out var values) ? values.Single() : null;
        return new Reply(response.StatusCode, retryAfter, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>So many requests at once, spread over all three.</summary>
    public Task<Reply[]> AskAllAsync(int requests, string caller = "rest") => Task.WhenAll(Enumerable.Range(0, requests).Select(i => AskAsync(i % 3, caller)));

    /// <summary>The same by so many clients, each of which asks again when it has been told.</summary>
    public async Task<List<Reply>> AskInTurnAsync(int clients, int requestsEach)
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, clients).Select(async i =>
        {
            var own = new List<Reply>();
            while (own.Count < requestsEach)
                own.Add(await AskAsync(i % 3));
            return own;
        }));
        return [.. replies.SelectMany(r => r)];
    }

    /// <summary>What is left of a caller's limit, as one gateway tells it.</summary>
    /// <param name="limit">Part of the limit's words.</param>
    public async Task<long> LeftAsync(int replica, string caller, string limit)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("quota", UriKind.Relative));
        request.Headers.Authorization = new("Bearer", $"sk-{caller}");
        using var response = await _clients[replica].SendAsync(request, TestContext.Current.CancellationToken);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        return (long)(double)body["caller"]!["limits"]!.AsArray().Single(l => ((string)l!["limit"]!).Contains(limit, StringComparison.Ordinal))!["remaining"]!;
    }

    /// <summary>Those that live still do, and none of them told of something that it did not expect.</summary>
    public void AssertWell(params int[] living)
    {
        foreach (var i in living)
            Assert.False(_programs[i].HasExited, _programs[i].Text);
        foreach (var program in _programs)
        {
            foreach (var word in (string[])["unexpectedly", "nhandled", "   at ", UpstreamKey, "rivers"])
                Assert.DoesNotContain(word, program.Text, StringComparison.Ordinal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        foreach (var program in _programs)
            await program.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static string Configuration(QuotaServer store, string space, string baseUrl, string limits, string alice, int timeout) => $$"""
        {
          "server": { "clientKeys": [ { "name": "rest", "key": "sk-rest" }, { "name": "alice", "key": "sk-alice" }, { "name": "bob", "key": "sk-bob" } ] },
          "storage": { "path": "data" },
          "quota": { "store": "Redis", "connection": "{{store.Connection}}", "namespace": "{{space}}", "outageShare": 0.33, "leaseSeconds": 60, "storeTimeoutMilliseconds": {{timeout}}, "queue": { "interactiveSeconds": 1 } },
          "prices": { "{{Model}}": { "inputPerMillion": 1, "outputPerMillion": 10 } },
          "limits": { "keys": { "alice": { {{alice}} }, "bob": { "spendPerDay": 100 } } },
          "cloud": { "providers": [ { "name": "sky", "baseUrl": "{{baseUrl}}", "apiKeys": [ "{{UpstreamKey}}" ], "models": [ { "name": "{{Model}}", "limits": { {{limits}} } } ] } ] }
        }
        """;
}

internal sealed record Reply(HttpStatusCode Status, string? RetryAfter, string Body)
{
    public bool IsAnswer => Status == HttpStatusCode.OK;

    /// <summary>Input and output of an answer.</summary>
    public long Tokens => (long)JsonNode.Parse(Body)!["usage"]!["total_tokens"]!;

    /// <summary>An answer, or the refusal that tells when to come back.</summary>
    public void AssertAnswerOr429()
    {
        if (!IsAnswer)
            AssertRefusal(HttpStatusCode.TooManyRequests);
    }

    public void AssertRefusal(HttpStatusCode status)
    {
        Assert.True(Status == status, $"{(int)Status}: {Body}");
        Assert.True(int.TryParse(RetryAfter, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0, $"Retry-After {RetryAfter}: {Body}");
    }
}
