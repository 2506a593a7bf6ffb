using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.Responses;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Responses;

public class ResponseExpansionTests
{
    [Fact]
    public void Expand_ItemsAndHistory_GivesOneInput()
    {
        using var body = Body("""{"model":"auto","previous_response_id":"r1","mine":{"x":1},"input":[{"role":"user","content":"q2"}]}""");

        using var expanded = ResponseExpansion.Expand(body, History(
            """[{"id":"msg_1","type":"message","role":"user","content":[{"type":"input_text","text":"q1"}]}]""",
            """[{"id":"msg_2","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"a1","annotations":[]}]}]"""));

        Assert.Equal(
            """{"model":"auto","mine":{"x":1},"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"q1"}]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a1","annotations":[]}]},{"role":"user","content":"q2"}]}""",
            Encoding.UTF8.GetString(expanded.Utf8.Span));
    }

    [Theory]
    [InlineData("\"q\"", """{"type":"message","role":"user","content":[{"type":"input_text","text":"q"}]}""")]
    [InlineData("[]", null)]
    [InlineData("null", null)]
    public void Expand_OwnInput_ComesLast(string input, string? last)
    {
        using var body = Body($$"""{"previous_response_id":"r1","input":{{input}}}""");

        using var expanded = ResponseExpansion.Expand(body, History("""[{"type":"message","role":"user","content":"q1"}]""", "[]"));

        var items = JsonNode.Parse(expanded.Utf8.Span)!["input"]!.AsArray();
        Assert.Equal(last is null ? 1 : 2, items.Count);
        Assert.Equal(last ?? """{"type":"message","role":"user","content":"q1"}""", items[^1]!.ToJsonString());
    }

    [Fact]
    public void Expand_WhatOneBackendOnlyUnderstands_IsLeftOut()
    {
        using var body = Body("""{"previous_response_id":"r1","input":"q"}""");

        using var expanded = ResponseExpansion.Expand(body, History("[]", """
            [{"type":"reasoning","id":"rs_1","summary":[]},{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"e"},{"type":"web_search_call","id":"ws"},
             {"type":"function_call","id":"fc","call_id":"c","name":"f","namespace":"n","arguments":"{}","status":"completed"},{"type":"computer_call","id":"cc","call_id":"d"}]
            """));

        Assert.Equal(
            ["""{"type":"reasoning","summary":[],"encrypted_content":"e"}""", """{"type":"function_call","call_id":"c","name":"f","namespace":"n","arguments":"{}"}""", """{"type":"computer_call","id":"cc","call_id":"d"}"""],
            JsonNode.Parse(expanded.Utf8.Span)!["input"]!.AsArray().SkipLast(1).Select(i => i!.ToJsonString()));
    }

    [Theory]
    [InlineData("""{"input":"x"}""", null)]
    [InlineData("""{"previous_response_id":null}""", null)]
    [InlineData("""{"previous_response_id":"r1","conversation":null}""", "r1")]
    public void PreviousId_Request_IsRead(string request, string? expected)
    {
        using var body = Body(request);

        Assert.Equal(expected, ResponseExpansion.PreviousId(body));
    }

    [Theory]
    [InlineData("""{"previous_response_id":7}""", "previous_response_id")]
    [InlineData("""{"previous_response_id":"r1","conversation":"c"}""", "conversation")]
    public void PreviousId_Wrong_NamesTheMember(string request, string param)
    {
        using var body = Body(request);

        Assert.Equal(param, Assert.Throws<ApiException>(() => ResponseExpansion.PreviousId(body)).Error.Param);
    }

    [Fact]
    public void Expand_InputOfTheWrongType_IsRefused()
    {
        using var body = Body("""{"previous_response_id":"r1","input":{}}""");

        Assert.Equal("input", Assert.Throws<ApiException>(() => ResponseExpansion.Expand(body, new ConversationHistory())).Error.Param);
    }

    private static JsonBody Body(string json) => JsonBody.Parse(Encoding.UTF8.GetBytes(json));

    private static ConversationHistory History(string input, string output)
    {
        var history = new ConversationHistory();
        history.Prepend(new StoredResponse("r1", null, default, null, Encoding.UTF8.GetBytes(input), Encoding.UTF8.GetBytes($$"""{"output":{{output}}}""")));
        return history;
    }
}
