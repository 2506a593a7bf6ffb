using System.Text;
using HybridRouter.Flow;
using HybridRouter.Usage;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Usage;

public sealed class TokenUsageTests
{
    [Theory]
    [InlineData("""{"usage":{"prompt_tokens":3,"completion_tokens":4}}""", 3, 4)]
    [InlineData("""{"usage": {"input_tokens":3,"output_tokens":4}}""", 3, 4)]
    [InlineData("""{"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":4}}}""", 3, 4)]
    [InlineData("""{"usage":null,"response":{"usage":{"input_tokens":3,"output_tokens":4}}}""", 3, 4)]
    [InlineData("""{"usage":{"prompt_tokens":null,"completion_tokens":"4"}}""", 0, 0)]
    [InlineData("""{"usage":{"prompt_tokens":1e40,"completion_tokens":[]}}""", 0, 0)]
    [InlineData("""{"usage":{"prompt_tokens":5,"total_tokens":5}}""", 5, 0)]
    public void Read_Usage_IsCounted(string json, long prompt, long completion) => Assert.Equal(new TokenUsage(prompt, completion), Read(json));

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"usage":null}""")]
    [InlineData("""{"usage": null}""")]
    [InlineData("""{"usage":7}""")]
    [InlineData("""{"text":"usage"}""")]
    [InlineData("""{"response":{"usage":null}}""")]
    [InlineData("{\"usage\":{")]
    public void Read_None_IsNull(string json) => Assert.Null(Read(json));

    [Theory]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":1}}""", true)]
    [InlineData("""{"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}""", false)]
    [InlineData("""{"choices":[],"usage":null}""", false)]
    [InlineData("""{"choices":[],"prompt_filter_results":[]}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1}}""", false)]
    [InlineData("[DONE]", false)]
    public void Is_UsageChunk_OnlyWithoutChoices(string data, bool expected) => Assert.Equal(expected, UsageChunk.Is(new SseEvent(null, Encoding.UTF8.GetBytes(data))));

    [Fact]
    public async Task Watch_LastCounts_AreKept()
    {
        var tap = new UsageTap();
        var seen = 0;
        await foreach (var _ in tap.Watch(Flow.ScriptedBackend.Events("""{"usage":{"prompt_tokens":1,"completion_tokens":1}}""", """{"usage":{"prompt_tokens":1,"completion_tokens":9}}""", """{"usage":null}""", "[DONE]"), TestContext.Current.CancellationToken))
            seen++;

        Assert.Equal((4, new TokenUsage(1, 9)), (seen, tap.Seen));
    }

    private static TokenUsage? Read(string json) => TokenUsage.Read(Encoding.UTF8.GetBytes(json));
}
