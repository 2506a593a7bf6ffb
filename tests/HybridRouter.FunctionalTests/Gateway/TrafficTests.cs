using System.Text.Json;
using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Simulator;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;
using static HybridRouter.FunctionalTests.Gateway.TrafficRig;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>What a gateway keeps of its traffic, what it concludes from it, and how that is erased.</summary>
public sealed class TrafficTests : IDisposable
{
    private const string Rows = "SELECT route, model, outcome, fell_back, asked_cloud, score, cutoff, model_version, caller FROM requests ORDER BY at, id";

    private readonly TrafficRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Requests_OfEveryOperationAndRoute_AreKeptOnce()
    {
        await using (var gateway = await _rig.StartAsync())
        {
            await AskAsync(gateway, "easy");
            await AskAsync(gateway, "hard", ""","stream":true""");
            await AskAsync(gateway, "simple", model: "big");
            await JsonAsync(await gateway.ResponseAsync("hard"));
            gateway.Local.AddFault(new() { Kind = SimulatedFaultKind.Status, Status = 500, Times = 1 });
            await AskAsync(gateway, "easy, but the engine is ill");
            await JsonAsync(await gateway.PostAsync("v1/embeddings", """{"model":"big-embed","input":"zebrafish"}"""));
        }

        Assert.Equal(
            [
                "0 small 0 0 0 0.1 0.5 marked tests",
                "1 big 0 0 0 0.9 0.5 marked tests",
                "0 small 0 0 1 0.1 0.5 marked tests",
                "1 big 0 0 0 0.9 0.5 marked tests",
                "1 big 0 1 0 0.1 0.5 marked tests",
            ],
            _rig.Query(Rows).Select(r => string.Join(' ', r.Split(' ').Select(Rounded))));
        Assert.False(_rig.OnDisk(Marker));
    }

    [Fact]
    public async Task AskedAgain_ByCloudName_IsAnEscalationAndALabel()
    {
        string id;
        await using (var gateway = await _rig.StartAsync())
        {
            id = await AskAsync(gateway, "easy question");
            await AskAsync(gateway, "Easy  question", model: "cloud");
        }

        Assert.Equal([(id, 0.85)], _rig.Samples().Select(s => (s.RequestId, s.Target)));
        Assert.Equal([$"{id} 5"], _rig.Query("SELECT request_id, kind FROM signals"));
    }

    [Fact]
    public async Task AskedAgain_InTheSameSessionAndInAnother_AreTold()
    {
        string first, second;
        await using (var gateway = await _rig.StartAsync())
        {
            first = await AskAsync(gateway, "easy", ""","prompt_cache_key":"one" """);
            second = await AskAsync(gateway, "easy", ""","prompt_cache_key":"one" """);
            await AskAsync(gateway, "easy", ""","prompt_cache_key":"two" """);
        }

        Assert.Equal([$"{first} 6", $"{second} 7"], _rig.Query("SELECT request_id, kind FROM signals ORDER BY kind"));
        Assert.False(_rig.OnDisk("tests/one"));
    }

    [Fact]
    public async Task ClientThatLeavesMidStream_OfALocalAnswer_IsTold()
    {
        await using var gateway = await _rig.StartAsync();
        gateway.Local.AddFault(new() { Kind = SimulatedFaultKind.Stall, DelaySeconds = 60, AfterEvents = 2, Times = 1 });
        string id;
        using (var answer = await gateway.ChatAsync("easy", ""","stream":true"""))
        {
            id = Header(answer, "x-hybridrouter-request-id");
            await (await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)).ReadExactlyAsync(new byte[10], TestContext.Current.CancellationToken);
        }

        await Eventually.TrueAsync(() => _rig.Requests() == 1, "the request is kept");
        Assert.Equal([$"{id} 8"], _rig.Query("SELECT request_id, kind FROM signals"));
        Assert.Equal(["3"], _rig.Query("SELECT outcome FROM requests"));
    }

    [Fact]
    public async Task Prompts_Kept_AreEncryptedAndErasedWithTheirUser()
    {
        _rig.Learning.KeepPrompts = true;
        await using (var gateway = await _rig.StartAsync())
        {
            await AskAsync(gateway, "easy of bob", ""","user":"bob@example.org" """);
            await AskAsync(gateway, "easy of ann", ""","user":"ann@example.org" """);

            // The line is written first: an answer that is out is erased, whether it was written by now or not.
            var erased = await JsonAsync(await SendAsync(gateway, HttpMethod.Delete, "v1/traffic?user=bob%40example.org", AdminKey));

            Assert.Equal(
                """{"object":"hybridrouter.traffic.erased","requests":1,"signals":0,"prompts":1,"clean":true}""", erased.GetRawText());
            Assert.Equal([$"easy of ann {Marker}"], _rig.Read(s => s.ReadPrompts()).Select(p => p.Text));
            Assert.Equal(1, (await JsonAsync(await SendAsync(gateway, HttpMethod.Delete, "v1/traffic?caller=TESTS", AdminKey))).GetProperty("requests").GetInt32());
        }
        Assert.Equal(0, _rig.Requests());
        Assert.False(_rig.OnDisk(Marker) || _rig.OnDisk("example.org"));
    }

    [Theory]
    [InlineData("v1/traffic?user=bob", ClientKey, 403, "admin_only")]
    [InlineData("v1/traffic?user=bob", null, 401, "missing_api_key")]
    [InlineData("v1/traffic", AdminKey, 400, null)]
    [InlineData("v1/traffic?user=&caller=", AdminKey, 400, null)]
    [InlineData("v1/traffic?user=bob&caller=tests", AdminKey, 400, null)]
    [InlineData("v1/traffic?user=bob&user=ann", AdminKey, 400, null)]
    public async Task Erase_ThatCannotBe_IsToldWhyAndErasesNothing(string path, string? key, int status, string? code)
    {
        await using (var gateway = await _rig.StartAsync())
        {
            await AskAsync(gateway, "easy", ""","user":"bob" """);
            await ErrorAsync(await SendAsync(gateway, HttpMethod.Delete, path, key), status, code);
        }
        Assert.Equal(1, _rig.Requests());
    }

    [Fact]
    public async Task Stop_RightAfterManyAnswers_LosesNone()
    {
        await using (var gateway = await _rig.StartAsync())
            await Parallel.ForEachAsync(Enumerable.Range(0, 60), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) => await AskAsync(gateway, $"easy {i}"));

        Assert.Equal(60, _rig.Requests());
    }

    [Fact]
    public async Task Start_PromptsKeptWithoutTheirKey_IsRefused()
    {
        (_rig.Learning.KeepPrompts, _rig.Learning.PromptKey) = (true, "env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE");

        var refused = await Assert.ThrowsAsync<IOException>(() => _rig.StartAsync());
        Assert.Contains("learning:promptKey: env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE is not set", refused.Message, StringComparison.Ordinal);
    }

    private static string Rounded(string field) => double.TryParse(field, System.Globalization.CultureInfo.InvariantCulture, out var number) ? Math.Round(number, 3).ToString(System.Globalization.CultureInfo.InvariantCulture) : field;
}

/// <summary>What <c>/metrics</c> tells of kept traffic: counts, and no text.</summary>
[Collection(nameof(AloneCollection))]
public sealed class TrafficMetricsTests : IDisposable
{
    private readonly TrafficRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Metrics_AfterFeedback_CountItBySort()
    {
        _rig.Learning.KeepPrompts = true;
        await using var gateway = await _rig.StartAsync();
        var id = await AskAsync(gateway, "easy", ""","user":"bob@example.org" """);
        await JsonAsync(await SayAsync(gateway, $$"""{"request_id":"{{id}}","rating":"up","outcome":"passed"}"""));
        await JsonAsync(await SayAsync(gateway, $$"""{"request_id":"{{id}}","rating":"down"}"""));
        await ErrorAsync(await SayAsync(gateway, $$"""{"request_id":"req_0","rating":"down"}"""), 404);
        await ErrorAsync(await SayAsync(gateway, $$"""{"request_id":"{{id}}","note":"zebrafish"}"""), 400);

        var metrics = await TextAsync(await gateway.Http.GetAsync(new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken));

        var counted = metrics.Split('\n').Where(l => l.StartsWith("hybridrouter_feedback", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, counted.Count);
        Assert.Contains(counted, l => l.Contains("sort=\"rating\"", StringComparison.Ordinal) && l.Contains("} 2", StringComparison.Ordinal));
        Assert.Contains(counted, l => l.Contains("sort=\"outcome\"", StringComparison.Ordinal) && l.Contains("} 1", StringComparison.Ordinal));
        foreach (var text in new[] { Marker, "bob", id })
        {
            Assert.DoesNotContain(text, metrics);
            if (text != id)
                Assert.DoesNotContain(text, gateway.Logs.Text);
        }
    }
}
