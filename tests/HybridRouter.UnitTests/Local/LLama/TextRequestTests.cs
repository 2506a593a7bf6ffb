using System.Text;
using HybridRouter.Local.LLama;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Local.LLama;

public sealed class TextRequestTests
{
    [Fact]
    public void Read_Chat_TakesTurnsAndSampling()
    {
        var request = Read(WireApi.ChatCompletions, """
            {"messages":[{"role":"developer","content":"brief"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"assistant","content":null}],
             "max_completion_tokens":9,"max_tokens":5,"temperature":7,"stop":["x",""],"seed":-1}
            """);

        Assert.Equal([("system", "brief"), ("user", "a\nb"), ("assistant", "")], request.Turns);
        Assert.Equal((9, 2f, uint.MaxValue), (request.MaxTokens, request.Temperature, request.Seed));
        Assert.Equal(["x"], request.Stops);
    }

    [Fact]
    public void Read_Completion_HasOpenAiDefaultLength()
    {
        var request = Read(WireApi.Completions, """{"prompt":"p","suffix":"s","stop":"END"}""");

        Assert.Equal(("p", "s", 16), (request.Prompt, request.Suffix, request.MaxTokens));
        Assert.Equal(["END"], request.Stops);
    }

    [Theory]
    [InlineData(WireApi.Completions, """{"prompt":["a","b"]}""")]
    [InlineData(WireApi.ChatCompletions, """{"messages":"hi"}""")]
    public void Read_WrongForm_IsRefused(WireApi api, string json) => Assert.Throws<ApiException>(() => Read(api, json));

    private static TextRequest Read(WireApi api, string json) => TextRequest.Read(api, Encoding.UTF8.GetBytes(json));
}
