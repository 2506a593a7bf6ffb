using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.FunctionalTests.Simulator;

public sealed class ResponsesApiTests
{
    [Fact]
    public async Task Response_NotStreamed_AnswersACompletedObjectWithUsage()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.ResponseAsync(more: ""","metadata":{"a":"b"},"reasoning":{"effort":"low"}""");
        var body = await CloudClient.JsonAsync(response);

        Assert.Equal("completed", body.GetProperty("status").GetString());
        Assert.Equal("b", body.GetProperty("metadata").GetProperty("a").GetString());
        Assert.Equal(["reasoning", "message"], body.GetProperty("output").EnumerateArray().Select(i => i.GetProperty("type").GetString()));
        Assert.Equal(16, body.GetProperty("usage").GetProperty("output_tokens_details").GetProperty("reasoning_tokens").GetInt32());
        Assert.Equal(0, body.GetProperty("usage").GetProperty("input_tokens_details").GetProperty("cached_tokens").GetInt32());
        foreach (var required in (string[])["created_at", "error", "incomplete_details", "instructions", "tools", "parallel_tool_calls", "tool_choice", "temperature", "top_p"])
            Assert.True(body.TryGetProperty(required, out _), required);
    }

    [Fact]
    public async Task Response_Streamed_SendsTheEventsOfTheWireInOrder()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.ResponseAsync(more: ""","stream":true""");
        var events = (await CloudClient.EventsAsync(response)).Select(e => (e.Name, Data: JsonDocument.Parse(e.Data).RootElement)).ToList();

        Assert.All(events, e => Assert.Equal(e.Name, e.Data.GetProperty("type").GetString()));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => e.Data.GetProperty("sequence_number").GetInt32()));
        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
                "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.completed",
            ],
            events.Select(e => e.Name).Distinct());
        var text = string.Concat(events.Where(e => e.Name == "response.output_text.delta").Select(e => e.Data.GetProperty("delta").GetString()));
        var final = events[^1].Data.GetProperty("response");
        Assert.Equal(text, final.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(
            events.Count(e => e.Name == "response.output_text.delta"),
            final.GetProperty("usage").GetProperty("output_tokens").GetInt32());
    }

    [Fact]
    public async Task Response_StreamedToolCallWithReasoning_SendsSummaryAndArgumentEvents()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.ResponseAsync("run the command", """
            ,"stream":true,"reasoning":{"summary":"auto"},"include":["reasoning.encrypted_content"],"tools":[
            {"type":"namespace","name":"multi_agent_v1","tools":[]},{"type":"web_search"},
            {"type":"function","name":"exec_command","strict":false,"parameters":{"type":"object","properties":{"cmd":{"type":"string"}},"required":["cmd"]}}]
            """);
        var events = (await CloudClient.EventsAsync(response)).Select(e => (e.Name, Data: JsonDocument.Parse(e.Data).RootElement)).ToList();

        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.reasoning_summary_part.added",
                "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", "response.reasoning_summary_part.done",
                "response.output_item.done", "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.completed",
            ],
            events.Select(e => e.Name).Distinct());
        var items = events.Where(e => e.Name == "response.output_item.done").Select(e => e.Data.GetProperty("item")).ToList();
        Assert.NotEmpty(items[0].GetProperty("encrypted_content").GetString()!);
        Assert.Equal("exec_command", items[1].GetProperty("name").GetString());
        Assert.StartsWith("call_", items[1].GetProperty("call_id").GetString());
        Assert.Equal("""{"cmd":"echo simulated"}""", items[1].GetProperty("arguments").GetString());
    }

    [Fact]
    public async Task Response_AfterAFunctionCallOutput_AnswersWithText()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.PostAsync("v1/responses", """
            {"model":"gpt-5","input":[{"role":"user","content":[{"type":"input_text","text":"run the command"}]},
            {"type":"function_call","call_id":"c1","name":"exec_command","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"forty-two"}],
            "tools":[{"type":"function","name":"exec_command","parameters":{}}]}
            """);
        var body = await CloudClient.JsonAsync(response);

        Assert.Contains("forty-two", body.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Response_LimitReached_IsIncompleteAndSaysWhy()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.ResponseAsync(more: ""","max_output_tokens":16,"stream":true""");
        var last = (await CloudClient.EventsAsync(response))[^1];

        Assert.Equal("response.incomplete", last.Name);
        Assert.Equal(
            "max_output_tokens",
            JsonDocument.Parse(last.Data).RootElement.GetProperty("response").GetProperty("incomplete_details").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Response_Stored_CanBeReadContinuedListedAndDeleted()
    {
        await using var client = await CloudClient.StartAsync();
        using var first = await client.ResponseAsync("Remember this");
        var id = (await CloudClient.JsonAsync(first)).GetProperty("id").GetString()!;

        Assert.Equal("completed", (await client.GetAsync($"v1/responses/{id}")).GetProperty("status").GetString());
        using var second = await client.ResponseAsync("And now?", $$""","previous_response_id":"{{id}}" """);
        Assert.Equal(id, (await CloudClient.JsonAsync(second)).GetProperty("previous_response_id").GetString());
        var items = await client.GetAsync($"v1/responses/{id}/input_items");
        Assert.Equal("Remember this", items.GetProperty("data")[0].GetProperty("content")[0].GetProperty("text").GetString());

        using var deleted = await client.Http.DeleteAsync($"v1/responses/{id}", TestContext.Current.CancellationToken);
        Assert.True((await CloudClient.JsonAsync(deleted)).GetProperty("deleted").GetBoolean());
        using var gone = await client.Http.GetAsync($"v1/responses/{id}", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        using var third = await client.ResponseAsync("And now?", $$""","previous_response_id":"{{id}}" """);
        var error = (await CloudClient.JsonAsync(third, HttpStatusCode.BadRequest)).GetProperty("error");
        Assert.Equal("previous_response_not_found", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Response_NotStored_CannotBeRead()
    {
        await using var client = await CloudClient.StartAsync();
        using var response = await client.ResponseAsync(more: ""","store":false""");
        var id = (await CloudClient.JsonAsync(response)).GetProperty("id").GetString();

        using var read = await client.Http.GetAsync($"v1/responses/{id}", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
    }

    [Fact]
    public async Task Response_InTheBackground_IsQueuedThenInProgressThenCompleted()
    {
        var clock = new FakeTimeProvider();
        await using var client = await CloudClient.StartAsync(o => (o.FirstTokenMilliseconds, o.TokensPerSecond) = (1000, 10), clock);
        using var response = await client.ResponseAsync(more: ""","background":true""");
        var queued = await CloudClient.JsonAsync(response);
        var path = $"v1/responses/{queued.GetProperty("id").GetString()}";
        Assert.Equal("queued", queued.GetProperty("status").GetString());
        Assert.Equal(1, client.Cloud.State.Accounts[0].InFlight);

        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("in_progress", await StatusAsync(client, path, "queued"));
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal("completed", await StatusAsync(client, path, "in_progress"));
        Assert.Equal(0, client.Cloud.State.Accounts[0].InFlight);
        Assert.True((await client.GetAsync(path)).GetProperty("usage").GetProperty("output_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task Response_InTheBackgroundCancelled_StaysCancelledAndFreesItsPlace()
    {
        var clock = new FakeTimeProvider();
        await using var client = await CloudClient.StartAsync(o => o.FirstTokenMilliseconds = 1000, clock);
        using var response = await client.ResponseAsync(more: ""","background":true""");
        var path = $"v1/responses/{(await CloudClient.JsonAsync(response)).GetProperty("id").GetString()}";

        using var cancelled = await client.PostAsync(path + "/cancel", "");
        Assert.Equal("cancelled", (await CloudClient.JsonAsync(cancelled)).GetProperty("status").GetString());
        clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("cancelled", (await client.GetAsync(path)).GetProperty("status").GetString());
        await LimitTests.UntilAsync(() => client.Cloud.State.Accounts[0].InFlight == 0);
    }

    [Fact]
    public async Task Response_OfAnotherKey_DoesNotExist()
    {
        await using var client = await CloudClient.StartAsync(o => o.Keys = [new() { Key = "sk-test" }, new() { Key = "sk-other" }]);
        using var response = await client.ResponseAsync();
        var id = (await CloudClient.JsonAsync(response)).GetProperty("id").GetString();

        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/responses/{id}") { Headers = { Authorization = new("Bearer", "sk-other") } };
        using var read = await client.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
    }

    [Fact]
    public async Task InputTokens_CountsWithoutUsingALimit()
    {
        await using var client = await CloudClient.StartAsync();

        using var response = await client.PostAsync("v1/responses/input_tokens", """{"model":"gpt-5","input":"12345678901234567890"}""");
        var body = await CloudClient.JsonAsync(response);

        Assert.Equal(6, body.GetProperty("input_tokens").GetInt32());
        Assert.Empty(client.Cloud.State.Accounts);
    }

    [Fact]
    public async Task Responses_WebSocketUpgrade_Gets426()
    {
        await using var client = await CloudClient.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "v1/responses");
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new("websocket"));

        using var response = await client.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
    }

    /// <summary>The job's continuation runs on the thread pool, so a state may take a moment to show.</summary>
    private static async Task<string> StatusAsync(CloudClient client, string path, string old)
    {
        for (var i = 0; i < 500; i++)
        {
            var status = (await client.GetAsync(path)).GetProperty("status").GetString()!;
            if (status != old)
                return status;
        }
        return old;
    }
}
