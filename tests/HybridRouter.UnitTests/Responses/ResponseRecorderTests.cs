using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.Responses;
using HybridRouter.UnitTests.Translation;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Responses;

public sealed class ResponseRecorderTests : IDisposable
{
    private const string Created = """{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","status":"in_progress","previous_response_id":null,"output":[]}}""";
    private const string ItemDone = """{"type":"response.output_item.done","sequence_number":1,"output_index":0,"item":{"id":"msg_1","type":"message"}}""";
    private const string Completed = """{"type":"response.completed","sequence_number":2,"response":{"id":"resp_1","status":"completed","previous_response_id":null,"output":[{"id":"msg_1","type":"message"}]}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("hybridrouter-recorder-").FullName;
    private readonly SqliteResponseStore _store;
    private readonly RunningResponses _running = new();
    private readonly ResponseRecorder _recorder;
    private int _ids;

    public ResponseRecorderTests()
    {
        _store = new SqliteResponseStore(Path.Combine(_folder, "responses.db"));
        _recorder = new ResponseRecorder(_store, _running, new FakeTimeProvider(Wires.Now), () => $"{++_ids}", NullLogger<ResponseRecorder>.Instance);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Watch_Completed_IsStoredBeforeTheLastEventGoesOut()
    {
        using var recording = Begin("""{"input":"Hi"}""");
        await foreach (var item in recording.Watch(Events(Created, ItemDone, Completed)))
            Assert.Equal(item.Type == "response.completed", await _store.FindAsync("resp_1", "ann", Cancel) is not null);

        var stored = (await _store.FindAsync("resp_1", "ann", Cancel))!;
        Assert.Equal((Wires.Now, null), (stored.CreatedAt, stored.PreviousId));
        Wires.Same("""[{"id":"msg_1","type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}]""", JsonNode.Parse(stored.InputItems.Span));
        Wires.Same("""{"id":"resp_1","status":"completed","previous_response_id":null,"output":[{"id":"msg_1","type":"message"}]}""", JsonNode.Parse(stored.Response.Span));
    }

    [Fact]
    public async Task Watch_Continuation_PutsThePreviousIdBackEverywhere()
    {
        using var recording = Begin("""{"input":"Hi","previous_response_id":"resp_0"}""");
        var events = await ListAsync(recording.Watch(Events(Created, ItemDone, Completed)));

        Assert.Equal(["resp_0", "resp_0"], events.Where(e => e.Type != "response.output_item.done").Select(e => (string?)Wires.Json(e.Data)["response"]!["previous_response_id"]));
        Assert.Equal([0, 1, 2], events.Select(e => (int)Wires.Json(e.Data)["sequence_number"]!));
        Assert.Equal(ItemDone, Wires.Line(events[1].Data));
        var stored = (await _store.FindAsync("resp_1", "ann", Cancel))!;
        Assert.Equal(("resp_0", "resp_0"), (stored.PreviousId, (string?)JsonNode.Parse(stored.Response.Span)!["previous_response_id"]));
    }

    [Fact]
    public async Task Watch_NothingToChange_PassesEventsOnAsTheyCame()
    {
        using var recording = Begin("""{"input":"Hi"}""");

        Assert.Equal([Created, ItemDone, Completed], (await ListAsync(recording.Watch(Events(Created, ItemDone, Completed)))).Select(e => Wires.Line(e.Data)));
    }

    [Theory]
    [InlineData("""{"id":"resp_1","status":"completed","output":[]}""", "true", true)]
    [InlineData("""{"id":"resp_1","status":"incomplete","output":[]}""", "null", true)]
    [InlineData("""{"id":"resp_1","status":"completed","output":[]}""", "false", false)]
    [InlineData("""{"id":"resp_1","status":"queued","output":[]}""", "true", false)]
    [InlineData("""{"status":"completed"}""", "true", false)]
    [InlineData("not json", "true", false)]
    public async Task Complete_Answer_IsStoredUnlessToldNotTo(string answer, string store, bool kept)
    {
        using var recording = Begin($$"""{"input":"Hi","store":{{store}}}""");

        Assert.Equal(answer, Wires.Line(await recording.CompleteAsync(Wires.Bytes(answer))));
        Assert.Equal(kept, await _store.FindAsync("resp_1", "ann", Cancel) is not null);
    }

    [Fact]
    public async Task Complete_Continuation_PutsThePreviousIdBack()
    {
        using var recording = Begin("""{"input":"Hi","previous_response_id":"resp_0"}""");

        var answer = await recording.CompleteAsync(Wires.Bytes("""{"id":"resp_1","status":"completed","previous_response_id":null,"mine":1}"""));

        Wires.Same("""{"id":"resp_1","status":"completed","mine":1,"previous_response_id":"resp_0"}""", Wires.Json(answer));
    }

    [Fact]
    public async Task Cancel_WhileStreaming_StopsTheSourceAndEndsTheStream()
    {
        using var recording = Begin("""{"input":"Hi"}""");
        var stream = recording.Watch(Endless(recording.Token)).GetAsyncEnumerator(Cancel);
        Assert.True(await stream.MoveNextAsync());
        Assert.True(await stream.MoveNextAsync());
        var next = stream.MoveNextAsync();

        var cancelled = _running.CancelAsync("resp_1", "ann", Cancel);

        Assert.True(await next);
        Assert.Equal("response.incomplete", stream.Current.Type);
        var last = Wires.Json(stream.Current.Data);
        Wires.Same("""{"id":"resp_1","previous_response_id":null,"status":"cancelled","output":[{"id":"msg_1","type":"message"}]}""", last["response"]);
        Assert.Equal(2, (int)last["sequence_number"]!);
        Assert.False(await stream.MoveNextAsync());
        Wires.Same(last["response"]!.ToJsonString(), Wires.Json((await cancelled)!.Value));
        Assert.Equal(Wires.Line((await cancelled)!.Value), Encoding.UTF8.GetString((await _store.FindAsync("resp_1", "ann", Cancel))!.Response.Span));
        await stream.DisposeAsync();
    }

    [Theory]
    [InlineData("resp_1", "ben")]
    [InlineData("resp_1", null)]
    [InlineData("resp_2", "ann")]
    public async Task Cancel_NotTheirs_DoesNothing(string id, string? owner)
    {
        using var recording = Begin("""{"input":"Hi"}""");
        var stream = recording.Watch(Endless(recording.Token)).GetAsyncEnumerator(Cancel);
        Assert.True(await stream.MoveNextAsync());

        Assert.Null(await _running.CancelAsync(id, owner, Cancel));
        Assert.False(recording.Token.IsCancellationRequested);
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task Cancel_AfterTheEnd_FindsNothing()
    {
        using (var recording = Begin("""{"input":"Hi"}"""))
            await ListAsync(recording.Watch(Events(Created, Completed)));

        Assert.Null(await _running.CancelAsync("resp_1", "ann", Cancel));
    }

    [Fact]
    public async Task Watch_ClientGone_StoresNothing()
    {
        using var client = new CancellationTokenSource();
        using var recording = _recorder.Begin(Wires.Body("""{"input":"Hi"}"""), "ann", client.Token);
        var stream = recording.Watch(Endless(recording.Token)).GetAsyncEnumerator(Cancel);
        Assert.True(await stream.MoveNextAsync());
        Assert.True(await stream.MoveNextAsync());
        var next = stream.MoveNextAsync();

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        Assert.Null(await _store.FindAsync("resp_1", "ann", Cancel));
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task Complete_StorageBroken_StillAnswers()
    {
        using (var command = Open("DROP TABLE responses"))
            command.ExecuteNonQuery();
        using var recording = Begin("""{"input":"Hi"}""");

        Assert.Contains("resp_1", Wires.Line(await recording.CompleteAsync(Wires.Bytes("""{"id":"resp_1","status":"completed"}"""))));
    }

    private ResponseRecording Begin(string request) => _recorder.Begin(Wires.Body(request), "ann", Cancel);

    private Microsoft.Data.Sqlite.SqliteCommand Open(string sql)
    {
        var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_folder, "responses.db")}");
        connection.Open();
        var command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    private static async Task<List<SseEvent>> ListAsync(IAsyncEnumerable<SseEvent> events)
    {
        var list = new List<SseEvent>();
        await foreach (var item in events)
            list.Add(item);
        return list;
    }

    private static async IAsyncEnumerable<SseEvent> Events(params string[] data)
    {
        foreach (var item in data)
        {
            await Task.Yield();
            yield return new SseEvent((string?)JsonNode.Parse(item)!["type"], Wires.Bytes(item));
        }
    }

    /// <summary>Two events, and then none until it is stopped.</summary>
    private static async IAsyncEnumerable<SseEvent> Endless([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new SseEvent("response.created", Wires.Bytes(Created));
        yield return new SseEvent("response.output_item.done", Wires.Bytes(ItemDone));
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
    }
}
