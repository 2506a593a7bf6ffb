using HybridRouter.Backends;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Intake;

public sealed class ResponsesRequestReaderTests
{
    [Theory]
    [InlineData("""{"model":"auto"}""", "input")]
    [InlineData("""{"model":"auto","input":7}""", "input")]
    [InlineData("""{"model":"auto","input":[]}""", "input")]
    [InlineData("""{"model":"auto","input":"a","instructions":7}""", "instructions")]
    [InlineData("""{"model":"auto","input":["a"]}""", "input[0]")]
    [InlineData("""{"model":"auto","input":[{"type":7}]}""", "input[0].type")]
    [InlineData("""{"model":"auto","input":[{"content":"a"}]}""", "input[0].role")]
    [InlineData("""{"model":"auto","input":[{"role":"tool","content":"a"}]}""", "input[0].role")]
    [InlineData("""{"model":"auto","input":[{"role":"user"}]}""", "input[0].content")]
    [InlineData("""{"model":"auto","input":[{"role":"user","content":7}]}""", "input[0].content")]
    [InlineData("""{"model":"auto","input":[{"role":"user","content":["a"]}]}""", "input[0].content[0]")]
    [InlineData("""{"model":"auto","input":[{"role":"user","content":[{}]}]}""", "input[0].content[0].type")]
    [InlineData("""{"model":"auto","input":[{"role":"user","content":[{"type":"input_text"}]}]}""", "input[0].content[0].text")]
    [InlineData("""{"model":"auto","input":"a","tools":"x"}""", "tools")]
    [InlineData("""{"model":"auto","input":"a","tools":["x"]}""", "tools[0]")]
    [InlineData("""{"model":"auto","input":"a","tools":[{}]}""", "tools[0].type")]
    [InlineData("""{"model":"auto","input":"a","background":1}""", "background")]
    [InlineData("""{"model":"auto","input":"a","background":true}""", "background")]
    [InlineData("""{"model":"auto","input":"a","text":1}""", "text")]
    [InlineData("""{"model":"auto","input":"a","text":{"format":1}}""", "text.format")]
    [InlineData("""{"model":"auto","input":"a","text":{"format":{"type":1}}}""", "text.format.type")]
    [InlineData("""{"model":"auto","input":"a","max_output_tokens":0}""", "max_output_tokens")]
    [InlineData("""{"model":"auto","input":"a","conversation":"c","previous_response_id":"r"}""", "conversation")]
    public void Read_WrongMember_IsNamed(string json, string param) => Reading.AssertRefused(WireApi.Responses, json, param);

    [Fact]
    public void Read_CodexTurn_IsUnderstood()
    {
        using var request = Reading.Responses("""
            {"model":"auto","stream":true,"store":false,"tool_choice":"auto","parallel_tool_calls":true,"reasoning":{"summary":"auto"},
             "include":["reasoning.encrypted_content"],"prompt_cache_key":"thread-1","client_metadata":{"a":"b"},
             "tools":[{"type":"function","name":"exec_command","parameters":{},"strict":false},{"type":"namespace","name":"multi_agent_v1","tools":[]},{"type":"web_search"}],
             "input":[
              {"type":"message","role":"developer","content":[{"type":"input_text","text":"You are Codex."}]},
              {"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context/>"}]},
              {"type":"message","role":"user","content":[{"type":"input_text","text":"fix the test"}]},
              {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"AAAA"},
              {"type":"function_call","call_id":"c1","name":"exec_command","arguments":"{}"},
              {"type":"function_call_output","call_id":"c1","output":"ok"}]}
            """, new RequestContext(new CallerIdentity("team"), "header-session"));

        Assert.Equal(("fix the test", 3, 1, 1), (request.Triage.Head, request.Triage.Tools, request.Triage.ToolResults, request.Triage.EarlierTurns));
        Assert.Equal((ModelAbilities.Tools, null, true, true), (request.Needs.Abilities, request.Needs.CloudOnly, request.InToolLoop, request.Stream));
        Assert.Equal("4:team/thread-1", request.SessionKey);
    }

    [Fact]
    public void Read_MessagesWithoutType_AreMessages()
    {
        using var request = Reading.Responses("""{"model":"auto","instructions":"be brief","input":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"output_text","text":"b"}]},{"role":"user","content":"c"}]}""");

        Assert.Equal(("c", 2, 11L), (request.Triage.Head, request.Triage.EarlierTurns, request.Needs.PromptChars));
        Assert.False(request.InToolLoop);
    }

    [Fact]
    public void Read_TextInput_IsAUserTurn()
    {
        using var request = Reading.Responses("""{"model":"auto","input":"write a regex","max_output_tokens":40}""");

        Assert.Equal(("write a regex", 40), (request.Triage.Head, request.Needs.MaxOutputTokens));
    }

    [Theory]
    [InlineData("\"conversation\":\"conv_1\"", "a stored conversation")]
    [InlineData("\"prompt\":{\"id\":\"p\"}", "a stored prompt")]
    [InlineData("\"tools\":[{\"type\":\"file_search\"}]", "a tool of type 'file_search'")]
    [InlineData("\"tools\":[{\"type\":\"web_search\"}]", null)]
    [InlineData("\"background\":false", null)]
    public void Read_Option_MayBeForTheCloud(string option, string? what)
    {
        using var request = Reading.Responses($$"""{"model":"auto","input":"a",{{option}}}""");

        Assert.Equal((what, ModelAbilities.Text), (request.Needs.CloudOnly, request.Needs.Abilities));
    }

    [Theory]
    [InlineData("""{"type":"item_reference","id":"x"}""", false)]
    [InlineData("""{"type":"computer_call_output","output":{}}""", true)]
    public void Read_ItemOfAnotherKind_IsForTheCloud(string item, bool inToolLoop)
    {
        using var request = Reading.Responses($$"""{"model":"auto","input":[{"role":"user","content":"a"},{{item}}]}""");

        Assert.Equal(inToolLoop, request.InToolLoop);
        Assert.StartsWith("an input item of type '", request.Needs.CloudOnly);
    }

    [Theory]
    [InlineData("{\"type\":\"input_image\",\"image_url\":\"data:,\"}", ModelAbilities.Images, null)]
    [InlineData("{\"type\":\"input_image\",\"file_id\":\"file-1\"}", ModelAbilities.Images, "an image by file id")]
    [InlineData("{\"type\":\"input_file\",\"file_id\":\"f\"}", ModelAbilities.Text, "content of type 'input_file'")]
    public void Read_Part_NeedsAbility(string part, ModelAbilities ability, string? cloudOnly)
    {
        using var request = Reading.Responses($$"""{"model":"auto","input":[{"role":"user","content":[{{part}}]}]}""");

        Assert.Equal((ability, cloudOnly), (request.Needs.Abilities, request.Needs.CloudOnly));
    }

    [Fact]
    public void Read_ImageInAToolResult_NeedsImages()
    {
        using var request = Reading.Responses("""{"model":"auto","input":[{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:,"}]}]}""");

        Assert.Equal(ModelAbilities.Images, request.Needs.Abilities);
    }

    [Theory]
    [InlineData("\"top_logprobs\":2", ModelAbilities.LogProbs)]
    [InlineData("\"text\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}", ModelAbilities.JsonSchema)]
    [InlineData("\"text\":{\"format\":{\"type\":\"text\"}}", ModelAbilities.Text)]
    [InlineData("\"tools\":[{\"type\":\"custom\",\"name\":\"apply_patch\"}]", ModelAbilities.Tools)]
    [InlineData("\"tools\":[{\"type\":\"function\",\"name\":\"f\"}],\"tool_choice\":\"none\"", ModelAbilities.Text)]
    public void Read_Option_NeedsAbility(string option, ModelAbilities ability)
    {
        using var request = Reading.Responses($$"""{"model":"auto","input":"a",{{option}}}""");

        Assert.Equal((ability, null), (request.Needs.Abilities, request.Needs.CloudOnly));
    }

    [Fact]
    public void Read_OnlyAPreviousResponse_IsAccepted()
    {
        using var request = Reading.Responses("""{"model":"auto","previous_response_id":"resp_1","input":[]}""");

        Assert.Equal("", request.Triage.Head);
        Assert.Null(request.SessionKey);
    }
}
