using HybridRouter.Configuration;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;
using static HybridRouter.FunctionalTests.Gateway.TrafficRig;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary><c>POST /v1/feedback</c>.</summary>
public sealed class FeedbackTests : IDisposable
{
    private readonly TrafficRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Feedback_AtOnce_IsKeptOverARestartAndReplaced()
    {
        string first, second;
        await using (var gateway = await _rig.StartAsync())
        {
            (first, second) = (await AskAsync(gateway, "easy one"), await AskAsync(gateway, "easy two"));
            var kept = await JsonAsync(await SayAsync(gateway, $$"""{"request_id":"{{first}}","rating":"up","outcome":"passed"}"""));
            Assert.Equal(("hybridrouter.feedback", first), (kept.GetProperty("object").GetString(), kept.GetProperty("request_id").GetString()));
            Assert.Equal(["rating", "outcome"], kept.GetProperty("kept").EnumerateArray().Select(k => k.GetString()));
            await JsonAsync(await SayAsync(gateway, $$"""{"request_id":"{{second}}","rating":2}"""));
        }
        Assert.Equal([(first, 0.03), (second, 0.7)], _rig.Samples().Select(s => (s.RequestId, Math.Round(s.Target, 9))));
        Assert.All(_rig.Samples(), s => Assert.Equal(("tests", 0.1f), (s.Caller, s.Score)));

        await using (var gateway = await _rig.StartAsync())
            await JsonAsync(await SayAsync(gateway, $$"""{"outcome":"failed","request_id":"{{first}}"}"""));

        Assert.Equal([0.97, 0.7], _rig.Samples().Select(s => Math.Round(s.Target, 9)));
        Assert.Equal(["3"], _rig.Query("SELECT count(*) FROM signals"));
    }

    [Fact]
    public async Task Feedback_WhileTheAnswerStillStreams_Counts()
    {
        string id;
        await using (var gateway = await _rig.StartAsync())
        {
            gateway.Local.AddFault(new() { Kind = HybridRouter.Simulator.SimulatedFaultKind.Stall, DelaySeconds = 1, AfterEvents = 1, Times = 1 });
            using var answer = await gateway.ChatAsync("easy", ""","stream":true""");
            id = Header(answer, "x-hybridrouter-request-id");
            await JsonAsync(await SayAsync(gateway, $$"""{"request_id":"{{id}}","rating":"down"}"""));
            Assert.Equal("[DONE]", (await EventsAsync(answer))[^1]);
        }
        Assert.Equal(id, Assert.Single(_rig.Samples()).RequestId);
    }

    [Fact]
    public async Task Feedback_Flood_AddsNoRows()
    {
        await using var gateway = await _rig.StartAsync();
        var id = await AskAsync(gateway, "easy");
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            await JsonAsync(await SayAsync(gateway, $$"""{"request_id":"{{id}}","rating":{{(i % 5) + 1}}}"""));
            await ErrorAsync(await SayAsync(gateway, $$"""{"request_id":"req_{{i}}","rating":1}"""), 404);
        });

        Assert.Equal(["1"], _rig.Query("SELECT count(*) FROM signals"));
    }

    [Fact]
    public async Task Feedback_OnAnothersAnswer_Is404AsOnNone()
    {
        await using var gateway = await _rig.StartAsync();
        var id = await AskAsync(gateway, "easy");
        var body = $$"""{"request_id":"{{id}}","rating":"up"}""";

        var other = (await ErrorAsync(await SayAsync(gateway, body, AdminKey), 404, "not_found")).GetProperty("message").GetString();
        var nobody = (await ErrorAsync(await SayAsync(gateway, body.Replace(id, "req_0", StringComparison.Ordinal)), 404, "not_found")).GetProperty("message").GetString();
        Assert.Equal(nobody, other);
        await ErrorAsync(await SayAsync(gateway, body, key: null), 401, "missing_api_key");
        await JsonAsync(await SayAsync(gateway, body));
    }

    [Fact]
    public async Task Feedback_OpenGateway_NeedsNoKey()
    {
        await using var gateway = await _rig.StartAsync(o => o.Server.ClientKeys = []);
        var id = await AskAsync(gateway, "easy");

        await JsonAsync(await SayAsync(gateway, $$"""{"request_id":"{{id}}","rating":"up"}""", key: null));
    }

    [Theory]
    [InlineData("""{"rating":"up"}""", "request_id", "x-hybridrouter-request-id")]
    [InlineData("""{"request_id":"ID"}""", "rating", "or 'outcome' is required")]
    [InlineData("""{"request_id":7,"rating":"up"}""", "request_id", "x-hybridrouter-request-id")]
    [InlineData("""{"request_id":null,"rating":"up"}""", "request_id", "x-hybridrouter-request-id")]
    [InlineData("""{"request_id":"ID","rating":"great"}""", "rating", "\"up\", \"down\" or a whole number from 1 to 5")]
    [InlineData("""{"request_id":"ID","rating":0}""", "rating", "from 1 to 5")]
    [InlineData("""{"request_id":"ID","rating":6}""", "rating", "from 1 to 5")]
    [InlineData("""{"request_id":"ID","rating":2.5}""", "rating", "from 1 to 5")]
    [InlineData("""{"request_id":"ID","rating":true}""", "rating", "from 1 to 5")]
    [InlineData("""{"request_id":"ID","rating":null,"outcome":"passed"}""", "rating", "from 1 to 5")]
    [InlineData("""{"request_id":"ID","outcome":"ok"}""", "outcome", "\"passed\" or \"failed\"")]
    [InlineData("""{"request_id":"ID","outcome":1}""", "outcome", "\"passed\" or \"failed\"")]
    [InlineData("""{"request_id":"ID","rating":"up","rating":"down"}""", "rating", "is there twice")]
    [InlineData("""{"request_id":"ID","rating":"up","comment":"the zebrafish was wrong"}""", "comment", "text is never kept")]
    public async Task Feedback_ThatIsNotUnderstood_SaysWhatToChangeAndKeepsNothing(string body, string param, string message)
    {
        await using var gateway = await _rig.StartAsync();
        var id = await AskAsync(gateway, "easy");

        var error = await ErrorAsync(await SayAsync(gateway, body.Replace("ID", id, StringComparison.Ordinal)), 400);

        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Contains(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(["0"], _rig.Query("SELECT count(*) FROM signals"));
    }

    [Fact]
    public async Task Feedback_BodyThatIsNone_IsToldWhy()
    {
        await using var gateway = await _rig.StartAsync();

        await ErrorAsync(await SayAsync(gateway, $$"""{"request_id":"{{new string('x', 5000)}}","rating":1}"""), 413, "request_too_large");
        await ErrorAsync(await SayAsync(gateway, "[1]"), 400);
        await ErrorAsync(await SendAsync(gateway, HttpMethod.Post, "v1/feedback", ClientKey, "{}", "text/plain"), 415, "unsupported_content_type");
        await ErrorAsync(await SendAsync(gateway, HttpMethod.Get, "v1/feedback", ClientKey), 405, "method_not_allowed");
    }

    [Theory]
    [InlineData("v1/embeddings", """{"model":"big-embed","input":"zebrafish"}""", 200)]
    [InlineData("v1/chat/completions", """{"model":"nobody","messages":[{"role":"user","content":"zebrafish"}]}""", 404)]
    public async Task Feedback_OnWhatNoScoreDecided_Is404(string path, string body, int status)
    {
        await using var gateway = await _rig.StartAsync();
        using var answer = await gateway.PostAsync(path, body);
        Assert.Equal(status, (int)answer.StatusCode);

        await ErrorAsync(await SayAsync(gateway, $$"""{"request_id":"{{Header(answer, "x-hybridrouter-request-id")}}","rating":"up"}"""), 404, "not_found");
    }

    [Fact]
    public async Task Learning_Off_KeepsNothingAndSaysSo()
    {
        await using var gateway = await TestGateway.StartAsync(storage: _rig.Folder, change: o => o.Server.ClientKeys.Add(new ClientKeyOptions { Name = "boss", Key = AdminKey, Admin = true }));
        var id = await AskAsync(gateway, "easy");

        await ErrorAsync(await SayAsync(gateway, $$"""{"request_id":"{{id}}","rating":"up"}"""), 404, "learning_off");
        await ErrorAsync(await SendAsync(gateway, HttpMethod.Delete, "v1/traffic?user=x", AdminKey), 404, "learning_off");
        Assert.Empty(Directory.GetFiles(_rig.Folder, "traffic*"));
    }
}
