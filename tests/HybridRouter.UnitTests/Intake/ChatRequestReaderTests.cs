using HybridRouter.Backends;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Intake;

public sealed class ChatRequestReaderTests
{
    private const string Hello = """ "messages":[{"role":"user","content":"hello"}] """;

    [Theory]
    [InlineData("""{}""", "model")]
    [InlineData("""{"model":" "}""", "model")]
    [InlineData("""{"model":7}""", "model")]
    [InlineData("""{"model":"auto"}""", "messages")]
    [InlineData("""{"model":"auto","messages":null}""", "messages")]
    [InlineData("""{"model":"auto","messages":"hi"}""", "messages")]
    [InlineData("""{"model":"auto","messages":[]}""", "messages")]
    [InlineData("""{"model":"auto","messages":["hi"]}""", "messages[0]")]
    [InlineData("""{"model":"auto","messages":[{"content":"hi"}]}""", "messages[0].role")]
    [InlineData("""{"model":"auto","messages":[{"role":"robot","content":"hi"}]}""", "messages[0].role")]
    [InlineData("""{"model":"auto","messages":[{"role":3,"content":"hi"}]}""", "messages[0].role")]
    [InlineData("""{"model":"auto","messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData("""{"model":"auto","messages":[{"role":"user","content":null}]}""", "messages[0].content")]
    [InlineData("""{"model":"auto","messages":[{"role":"user","content":{}}]}""", "messages[0].content")]
    [InlineData("""{"model":"auto","messages":[{"role":"system","content":"a"},{"role":"user","content":[1]}]}""", "messages[1].content[0]")]
    [InlineData("""{"model":"auto","messages":[{"role":"user","content":[{"text":"a"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"model":"auto","messages":[{"role":"user","content":[{"type":"text","text":5}]}]}""", "messages[0].content[0].text")]
    [InlineData("""{"model":"auto","messages":[{"role":"assistant","tool_calls":{}}]}""", "messages[0].tool_calls")]
    [InlineData("""{"model":"auto",§,"stream":"yes"}""", "stream")]
    [InlineData("""{"model":"auto",§,"stream_options":true}""", "stream_options")]
    [InlineData("""{"model":"auto",§,"stream_options":{"include_usage":1}}""", "stream_options.include_usage")]
    [InlineData("""{"model":"auto",§,"temperature":3}""", "temperature")]
    [InlineData("""{"model":"auto",§,"temperature":"hot"}""", "temperature")]
    [InlineData("""{"model":"auto",§,"temperature":1e999}""", "temperature")]
    [InlineData("""{"model":"auto",§,"top_p":-0.1}""", "top_p")]
    [InlineData("""{"model":"auto",§,"n":0}""", "n")]
    [InlineData("""{"model":"auto",§,"n":1.5}""", "n")]
    [InlineData("""{"model":"auto",§,"logprobs":5}""", "logprobs")]
    [InlineData("""{"model":"auto",§,"max_tokens":"many"}""", "max_tokens")]
    [InlineData("""{"model":"auto",§,"max_completion_tokens":99999999999}""", "max_completion_tokens")]
    [InlineData("""{"model":"auto",§,"response_format":"json"}""", "response_format")]
    [InlineData("""{"model":"auto",§,"response_format":{"type":1}}""", "response_format.type")]
    [InlineData("""{"model":"auto",§,"tools":{}}""", "tools")]
    [InlineData("""{"model":"auto",§,"tools":[1]}""", "tools[0]")]
    [InlineData("""{"model":"auto",§,"tools":[{}]}""", "tools[0].type")]
    [InlineData("""{"model":"auto",§,"tools":[{"type":"function"}]}""", "tools[0].function.name")]
    [InlineData("""{"model":"auto",§,"tools":[{"type":"function","function":{"name":7}}]}""", "tools[0].function.name")]
    [InlineData("""{"model":"auto",§,"functions":7}""", "functions")]
    [InlineData("""{"model":"auto",§,"prompt_cache_key":7}""", "prompt_cache_key")]
    public void Read_WrongMember_IsNamed(string json, string param) =>
        Reading.AssertRefused(WireApi.ChatCompletions, json.Replace("§", Hello), param);

    [Fact]
    public void Read_PlainQuestion_NeedsTextOnly()
    {
        using var request = Reading.Chat($$"""{"model":"auto",{{Hello}},"unknown":[{"x":1}]}""");

        Assert.Equal(("auto", false, false, false), (request.Model, request.Stream, request.IncludeUsage, request.InToolLoop));
        Assert.Equal(("hello", "", 5, 0, 0, 0, 0), (request.Triage.Head, request.Triage.Tail, request.Triage.PromptChars, request.Triage.ContextTokens, request.Triage.EarlierTurns, request.Triage.Tools, request.Triage.ToolResults));
        Assert.Equal((ModelAbilities.Text, null, 0, 5L), (request.Needs.Abilities, request.Needs.CloudOnly, request.Needs.MaxOutputTokens, request.Needs.PromptChars));
    }

    [Fact]
    public void Read_StreamWithUsage_SaysBoth()
    {
        using var request = Reading.Chat($$"""{"model":"auto",{{Hello}},"stream":true,"stream_options":{"include_usage":true} }""");

        Assert.True(request is { Stream: true, IncludeUsage: true });
    }

    [Theory]
    [InlineData("\"n\":2", ModelAbilities.MultipleChoices)]
    [InlineData("\"n\":1", ModelAbilities.Text)]
    [InlineData("\"logprobs\":true", ModelAbilities.LogProbs)]
    [InlineData("\"logprobs\":false", ModelAbilities.Text)]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{}}", ModelAbilities.JsonSchema)]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", ModelAbilities.JsonSchema)]
    [InlineData("\"response_format\":{\"type\":\"text\"}", ModelAbilities.Text)]
    [InlineData("\"audio\":{}", ModelAbilities.Audio)]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", ModelAbilities.Tools)]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":\"none\"", ModelAbilities.Text)]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":{\"type\":\"function\"}", ModelAbilities.Tools)]
    [InlineData("\"tools\":[]", ModelAbilities.Text)]
    public void Read_Option_NeedsAbility(string option, ModelAbilities ability)
    {
        using var request = Reading.Chat($$"""{"model":"auto",{{Hello}},{{option}}}""");

        Assert.Equal(ability, request.Needs.Abilities);
        Assert.Null(request.Needs.CloudOnly);
    }

    [Theory]
    [InlineData("\"web_search_options\":{}", "web search")]
    [InlineData("\"functions\":[{\"name\":\"f\"}]", "the retired 'functions' member")]
    [InlineData("\"tools\":[{\"type\":\"custom\",\"custom\":{}}]", "a tool of type 'custom'")]
    [InlineData("\"tools\":[{\"type\":\"bad\\u0000\\ntype é\"}]", "a tool of type 'bad??type??'")]
    public void Read_Option_IsForTheCloud(string option, string what)
    {
        using var request = Reading.Chat($$"""{"model":"auto",{{Hello}},{{option}}}""");

        Assert.Equal(what, request.Needs.CloudOnly);
    }

    [Theory]
    [InlineData("""{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}""", ModelAbilities.Images, null)]
    [InlineData("""{"type":"input_audio","input_audio":{}}""", ModelAbilities.Audio, null)]
    [InlineData("""{"type":"refusal","refusal":"no"}""", ModelAbilities.Text, null)]
    [InlineData("""{"type":"file","file":{}}""", ModelAbilities.Text, "content of type 'file'")]
    public void Read_Part_NeedsAbility(string part, ModelAbilities ability, string? cloudOnly)
    {
        using var request = Reading.Chat($$"""{"model":"auto","messages":[{"role":"user","content":[{"type":"text","text":"look"},{{part}}]}]}""");

        Assert.Equal((ability, cloudOnly, "look"), (request.Needs.Abilities, request.Needs.CloudOnly, request.Triage.Head));
    }

    [Fact]
    public void Read_SeveralTurns_JudgesTheLastUserTurnAndMeasuresTheRest()
    {
        using var request = Reading.Chat("""
            {"model":"auto","max_tokens":9,"max_completion_tokens":7,"messages":[
             {"role":"system","content":"123456789012345678"},
             {"role":"user","content":"first question ..."},
             {"role":"assistant","content":"an answer"},
             {"role":"user","content":[{"type":"text","text":"last"},{"type":"text","text":"question"}]}]}
            """);

        Assert.Equal(("last\nquestion", 13, 2), (request.Triage.Head, request.Triage.PromptChars, request.Triage.EarlierTurns));
        Assert.Equal((18 + 18 + 9) * 10 / 36, request.Triage.ContextTokens);
        Assert.Equal((57L, 7, false), (request.Needs.PromptChars, request.Needs.MaxOutputTokens, request.InToolLoop));
    }

    [Fact]
    public void Read_ToolLoop_KeepsTheUsersTurnAndCountsResults()
    {
        using var request = Reading.Chat("""
            {"model":"auto","tools":[{"type":"function","function":{"name":"ls"}}],"messages":[
             {"role":"user","content":"list the files"},
             {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"ls","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"1","content":"a.cs"},
             {"role":"assistant","tool_calls":[{"id":"2","type":"function","function":{"name":"ls","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"2","content":[{"type":"text","text":"b.cs"}]}]}
            """);

        Assert.Equal((true, "list the files", 2, 1, 0), (request.InToolLoop, request.Triage.Head, request.Triage.ToolResults, request.Triage.Tools, request.Triage.EarlierTurns));
        Assert.True(request.Needs.PromptChars > 14 + 8 + 2 * 60);
    }

    [Fact]
    public void Read_UserTurnAfterAToolLoop_EndsIt()
    {
        using var request = Reading.Chat("""
            {"model":"auto","messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[]},{"role":"tool","content":"r"},
             {"role":"assistant","content":"done"},{"role":"user","content":"thanks"}]}
            """);

        Assert.Equal((false, "thanks", 0, 3), (request.InToolLoop, request.Triage.Head, request.Triage.ToolResults, request.Triage.EarlierTurns));
    }

    [Fact]
    public void Read_HalfAnEmojiInThePrompt_IsRead()
    {
        using var request = Reading.Chat("""{"model":"auto","messages":[{"role":"user","content":"cut \ud83d"}]}""");

        Assert.Equal("cut \ufffd", request.Triage.Head);
    }
}
