using HybridRouter.Callers.Estimates;
using HybridRouter.UnitTests.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Callers.Estimates;

public sealed class RequestSizesTests
{
    private const int Hello = 2; // "hello world"

    // Empty texts cost what the format does.
    [Theory]
    [InlineData("""{"role":"user","content":"hello world"}""", 3 + 4 + Hello)]
    [InlineData("""{"role":"system","content":"hello world"},{"role":"user","name":"hello world","content":"hello world"}""", 3 + 8 + (3 * Hello))]
    [InlineData("""{"role":"user","content":[{"type":"text","text":"hello world"},{"type":"text","text":"hello world"}]}""", 3 + 4 + (2 * Hello))]
    [InlineData("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}""", 3 + 4 + 765)]
    [InlineData("""{"role":"user","content":[{"type":"image_url","image_url":{"url":"x","detail":"low"}}]}""", 3 + 4 + 85)]
    [InlineData("""{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}""", 3 + 4 + 2000)]
    [InlineData("""{"role":"user","content":"hello world"},{"role":"assistant","content":null,"tool_calls":[{"id":"a long identifier that no model sees","type":"function","function":{"name":"f","arguments":""}}]}""", 3 + 8 + Hello + 9)]
    public void Chat_Messages_AreCounted(string messages, int expected) => Assert.Equal(expected, Size(WireApi.ChatCompletions, $$"""{"model":"m","messages":[{{messages}}]}""").Input);

    [Fact]
    public void Chat_ToolsAndSchema_Count()
    {
        const string plain = """{"model":"m","messages":[{"role":"user","content":"a"}]}""";
        var tools = plain.Replace("\"model\"", """ "tools":[{"type":"function","function":{"name":"get_weather","description":"Looks up the weather in a city.","parameters":{"type":"object"}}}],"model" """.Trim());
        var schema = plain.Replace("\"model\"", """ "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},"model" """.Trim());
        var without = Size(WireApi.ChatCompletions, plain).Input;

        Assert.InRange(Size(WireApi.ChatCompletions, tools).Input - without, 20, 40);
        Assert.InRange(Size(WireApi.ChatCompletions, schema).Input - without, 10, 30);
    }

    [Theory]
    [InlineData("""
        "input":"hello world"
        """, 3 + 4 + Hello)]
    [InlineData("""
        "instructions":"hello world","input":"hello world"
        """, 3 + 8 + (2 * Hello))]
    [InlineData("""
        "input":[{"role":"user","content":"hello world"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hello world"}]}]
        """, 3 + 8 + (2 * Hello))]
    [InlineData("""
        "input":[{"type":"function_call","call_id":"an id","name":"hello world","arguments":"hello world"},{"type":"function_call_output","call_id":"an id","output":"hello world"}]
        """, 3 + 8 + (3 * Hello))]
    [InlineData("""
        "input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AAAA"},{"type":"input_file","file_id":"f"}]}]
        """, 3 + 4 + 765 + 2000)]
    [InlineData("""
        "input":[{"type":"custom_tool_call_output","call_id":"c","output":[{"type":"input_text","text":"hello world"}]}]
        """, 3 + 4 + Hello)]
    public void Responses_Items_AreCounted(string members, int expected) => Assert.Equal(expected, Size(WireApi.Responses, $$"""{"model":"m",{{members}}}""").Input);

    [Fact]
    public void Responses_EncryptedReasoning_IsNotTakenForText()
    {
        var secret = Convert.ToBase64String(Enumerable.Range(0, 4500).Select(i => (byte)(i * 7)).ToArray());

        Assert.Equal(3 + 4 + 4 + 1 + 1000, Size(WireApi.Responses, $$"""{"model":"m","input":[{"type":"reasoning","summary":[],"encrypted_content":"{{secret}}"},{"role":"user","content":"a"}]}""").Input, 5.0);
    }

    [Theory]
    [InlineData("\"hello world\"", Hello)]
    [InlineData("[\"hello world\",\"hello world\"]", 2 * Hello)]
    [InlineData("[5,6,7]", 3)]
    [InlineData("[[5,6,7],[8]]", 4)]
    public void Prompts_TextsAndTokenIds_AreCounted(string value, int expected)
    {
        Assert.Equal(expected, Size(WireApi.Embeddings, $$"""{"model":"m","input":{{value}}}""").Input);
        Assert.Equal(expected, Size(WireApi.Completions, $$"""{"model":"m","prompt":{{value}}}""").Input);
        Assert.Equal(expected + Hello, Size(WireApi.Completions, $$"""{"model":"m","suffix":"hello world","prompt":{{value}}}""").Input);
    }

    [Theory]
    [InlineData(WireApi.ChatCompletions, "\"max_tokens\":7", 7, 1)]
    [InlineData(WireApi.ChatCompletions, "\"max_tokens\":7,\"max_completion_tokens\":9,\"n\":3", 9, 3)]
    [InlineData(WireApi.ChatCompletions, "\"x\":1", null, 1)]
    [InlineData(WireApi.Responses, "\"max_output_tokens\":70", 70, 1)]
    [InlineData(WireApi.Responses, "\"x\":1", null, 1)]
    [InlineData(WireApi.Completions, "\"max_tokens\":7,\"n\":2,\"best_of\":4", 7, 4)]
    [InlineData(WireApi.Completions, "\"prompt\":[\"a\",\"b\",\"c\"],\"n\":2", null, 6)]
    [InlineData(WireApi.Completions, "\"prompt\":[1,2,3]", null, 1)]
    [InlineData(WireApi.Completions, "\"prompt\":[[1,2,3],[4]]", null, 2)]
    public void Output_LimitAndChoices_AreRead(WireApi api, string members, int? max, int choices)
    {
        var body = members.Contains("prompt") ? "" : api switch
        {
            WireApi.ChatCompletions => "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],",
            WireApi.Responses => "\"input\":\"a\",",
            _ => "\"prompt\":\"a\",",
        };
        var size = Size(api, $$"""{"model":"m",{{body}}{{members}}}""");

        Assert.Equal((max, choices), ((int?)size.MaxOutput, size.Choices));
    }

    [Fact]
    public void Input_OfManyMegabytes_IsBoundedAndNear()
    {
        var text = string.Concat(Enumerable.Range(0, 4000).Select(i => $"line {i} of a log that somebody pasted; "));
        var messages = string.Join(',', Enumerable.Range(0, 40).Select(i => $$"""{"role":"user","content":"{{i}} {{text}}"}"""));
        var once = Size(WireApi.ChatCompletions, $$"""{"model":"m","messages":[{"role":"user","content":"0 {{text}}"}]}""").Input;

        Assert.InRange(Size(WireApi.ChatCompletions, $$"""{"model":"m","messages":[{{messages}}]}""").Input, once * 40 * 0.7, once * 40 * 1.4);
    }

    private static RequestSize Size(WireApi api, string json)
    {
        using var request = Reading.Read(api, json);
        return new RequestSizes(Gates.Counter).Read(request);
    }
}
