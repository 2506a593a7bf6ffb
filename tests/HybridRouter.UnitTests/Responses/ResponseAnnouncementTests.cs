using System.Text.Json.Nodes;
using HybridRouter.Responses;
using HybridRouter.UnitTests.Translation;
using HybridRouter.Wire;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Responses;

public sealed class ResponseAnnouncementTests
{
    private readonly JsonBody _request = Wires.Body("""{"model":"auto","input":"Hi","tools":[{"type":"function","name":"f","parameters":{}}],"metadata":{"a":"b"}}""");
    private readonly ResponseAnnouncement _announcement;

    public ResponseAnnouncementTests() => _announcement = new ResponseAnnouncement(_request.Root, new FakeTimeProvider(Wires.Now), "resp_ours");

    [Fact]
    public void Created_FirstEvent_HoldsAWholeResponse()
    {
        var created = _announcement.Created();

        Assert.Equal("response.created", created.Type);
        var json = Wires.Json(created.Data);
        Assert.Equal(("response.created", 0), ((string?)json["type"], (int)json["sequence_number"]!));
        var response = json["response"]!.AsObject();
        // All that the specification requires of a response.
        foreach (var member in "id object created_at error incomplete_details instructions model tools output parallel_tool_calls metadata tool_choice temperature top_p".Split(' '))
            Assert.True(response.ContainsKey(member), member);
        Assert.Equal(("resp_ours", "response", "in_progress", "auto"), ((string?)response["id"], (string?)response["object"], (string?)response["status"], (string?)response["model"]));
        Assert.Equal(Wires.Now.ToUnixTimeSeconds(), (long)response["created_at"]!);
        Wires.Same("""{"output":[],"metadata":{"a":"b"},"tools":[{"type":"function","name":"f","parameters":{}}]}""",
            new JsonObject { ["output"] = response["output"]!.DeepClone(), ["metadata"] = response["metadata"]!.DeepClone(), ["tools"] = response["tools"]!.DeepClone() });
    }

    [Fact]
    public async Task Continue_ModelsOwnResponse_GoesOnAsOne()
    {
        List<SseEvent> events = [_announcement.Created(), _announcement.InProgress(), _announcement.InProgress()];
        await foreach (var item in _announcement.Continue(Events(
            """{"type":"response.created","sequence_number":0,"response":{"id":"resp_theirs","created_at":5,"status":"in_progress"}}""",
            """{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_theirs","created_at":5,"status":"in_progress"}}""",
            """{"type":"response.output_text.delta","sequence_number":2,"item_id":"msg_1","delta":"Hello \"id\"","response":null,"future":[1.50]}""",
            """{"type":"response.completed","sequence_number":3,"response":{"id":"resp_theirs","created_at":5,"model":"big","status":"completed","output":[{"id":"msg_1"}]}}"""), TestContext.Current.CancellationToken))
            events.Add(item);

        Assert.Equal(["response.created", "response.in_progress", "response.in_progress", "response.in_progress", "response.output_text.delta", "response.completed"], events.Select(e => e.Type));
        var all = events.Select(e => Wires.Json(e.Data)).ToList();
        Assert.Equal(events.Select(e => e.Type), all.Select(e => (string?)e["type"]));
        Assert.Equal([0, 1, 2, 3, 4, 5], all.Select(e => (int)e["sequence_number"]!));
        Assert.All(all.Where(e => e["response"] is not null), e => Assert.Equal(("resp_ours", Wires.Now.ToUnixTimeSeconds()), ((string?)e["response"]!["id"], (long)e["response"]!["created_at"]!)));
        Assert.Contains("1.50", Wires.Line(events[4].Data));
        Assert.Equal(("msg_1", "Hello \"id\""), ((string?)all[4]["item_id"], (string?)all[4]["delta"]));
        Assert.Equal(("big", "msg_1"), ((string?)all[5]["response"]!["model"], (string?)all[5]["response"]!["output"]![0]!["id"]));
    }

    private static async IAsyncEnumerable<SseEvent> Events(params string[] data)
    {
        foreach (var item in data)
        {
            await Task.Yield();
            yield return new SseEvent((string?)JsonNode.Parse(item)!["type"], Wires.Bytes(item));
        }
    }
}
