using System.Text;
using HybridRouter.Backends;
using HybridRouter.Quota;
using HybridRouter.Usage;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Usage;

public sealed class UsageTapTests
{
    [Theory]
    [InlineData("""{"choices":[{"delta":{"role":"assistant","content":"abcd"}}]}""", 4)]
    [InlineData("""{"id":"abcdefgh","model":"abcdefgh","choices":[{"delta":{"content":"ab"}},{"delta":{"content":"cd"}}],"obfuscation":"abcdefgh"}""", 4)]
    [InlineData("""{"choices":[{"delta":{"reasoning_content":"abc","refusal":"de"}}]}""", 5)]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"call_123","function":{"name":"f","arguments":"{\"a\":1}"}}]}}]}""", 7)]
    [InlineData("""{"choices":[{"delta":{"content":"ü\n\u00fc"}}]}""", 5)]
    [InlineData("""{"choices":[{"delta":{"content":null},"finish_reason":"stop","logprobs":{"content":[{"token":"abc","bytes":[97]}]}}]}""", 0)]
    [InlineData("""{"choices":[]}""", 0)]
    [InlineData("""{"choices":null,"content":"abc"}""", 0)]
    [InlineData("{\"choices\":[{\"delta\":{\"content\":\"ab", 0)]
    public async Task OutputBytes_ChatChunk_AreThoseOfItsText(string chunk, long bytes) => Assert.Equal(bytes, (await WatchAsync(WireApi.ChatCompletions, (null, chunk))).OutputBytes);

    [Fact]
    public async Task OutputBytes_CompletionsChunks_AddUp() =>
        Assert.Equal(6, (await WatchAsync(WireApi.Completions, (null, """{"choices":[{"text":"abc"}]}"""), (null, """{"choices":[{"text":"abc"}]}"""))).OutputBytes);

    [Fact]
    public async Task OutputBytes_ResponsesEvents_CountEachTextOnce()
    {
        const string item = """{"type":"message","content":[{"type":"output_text","text":"abcdef"}]}""";
        (string?, string)[] events =
        [
            ("response.created", """{"type":"response.created","response":{"instructions":"long","output":[],"usage":null}}"""),
            ("response.reasoning_summary_text.delta", """{"type":"x","delta":"gh"}"""),
            ("response.output_text.delta", """{"type":"x","item_id":"abcdefgh","delta":"abc","logprobs":[{"token":"abc"}]}"""),
            ("response.output_text.delta", """{"type":"x","delta":"def"}"""),
            ("response.output_text.done", """{"type":"x","text":"abcdef"}"""),
            ("response.content_part.done", """{"type":"x","part":{"text":"abcdef"}}"""),
            ("response.output_item.done", $$"""{"type":"x","item":{{item}}}"""),
            ("response.completed", $$$"""{"type":"x","response":{"instructions":"long","text":{"format":{"type":"text"}},"output":[{{{item}}}]}}"""),
        ];

        Assert.Equal(8, (await WatchAsync(WireApi.Responses, events)).OutputBytes);
        // Some backends send finished items, or the end alone.
        Assert.Equal(6, (await WatchAsync(WireApi.Responses, events[6])).OutputBytes);
        Assert.Equal(6, (await WatchAsync(WireApi.Responses, events[7])).OutputBytes);
    }

    [Theory]
    [InlineData(WireApi.ChatCompletions, """{"choices":[{"message":{"content":"abcd","tool_calls":[{"function":{"arguments":"ef"}}]}}]}""", 6)]
    [InlineData(WireApi.Completions, """{"choices":[{"text":"abcd"}]}""", 4)]
    [InlineData(WireApi.Responses, """{"instructions":"long","tools":[{"text":"long"}],"output":[{"content":[{"text":"abcd"}]},{"type":"function_call","arguments":"ef"},{"type":"custom_tool_call","input":"gh"}]}""", 8)]
    [InlineData(WireApi.Responses, """{"output":null}""", 0)]
    [InlineData(WireApi.Embeddings, """{"data":[{"embedding":"AAAA"}]}""", 0)]
    [InlineData(WireApi.ChatCompletions, "[]", 0)]
    public void OutputBytes_WholeAnswer_AreThoseOfItsText(WireApi api, string body, long bytes)
    {
        var tap = new UsageTap(api);
        tap.NoteAnswer(Encoding.UTF8.GetBytes(body));

        Assert.Equal((bytes, true), (tap.OutputBytes, tap.Ended));
    }

    [Theory]
    [InlineData("""{"choices":[{"delta":{"content":"abcdefgh"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}""", false, 5, 4)] // cut after a part of the counts
    [InlineData("""{"choices":[{"delta":{"content":"abcdefgh"}}],"usage":{"prompt_tokens":5,"completion_tokens":9}}""", false, 5, 9)]
    [InlineData("""{"choices":[{"delta":{"content":"abcdefgh"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}""", true, 5, 1)]
    [InlineData("""{"choices":[{"delta":{"content":"abcdefgh"}}],"usage":{"prompt_tokens":0,"completion_tokens":0}}""", true, 77, 4)]
    [InlineData("""{"choices":[{"delta":{"content":"abcdefgh"}}]}""", true, 77, 4)]
    [InlineData("""{"choices":[{"delta":{"content":"abcdefgh"}}]}""", false, 77, 4)]
    [InlineData("""{"choices":[{"delta":{"content":""}}]}""", true, 77, 0)]
    public async Task Used_IsWhatWasCountedElseWhatWasSeen(string chunk, bool whole, long input, long output)
    {
        var tap = whole ? await WatchAsync(WireApi.ChatCompletions, (null, chunk), (null, "[DONE]")) : await CutAsync(WireApi.ChatCompletions, chunk);

        Assert.Equal((new UsedTokens(input, output), whole), (tap.Used(77, 2), tap.Ended));
    }

    [Fact]
    public async Task Used_BrokenBeforeAnything_IsNothing()
    {
        var failed = await WatchAsync(WireApi.Responses, ("response.failed", """{"type":"response.failed","response":{"output":[]}}"""));

        Assert.Equal((UsedTokens.None, false, true), (failed.Used(77, 2), failed.Ended, failed.Broke));
        Assert.Equal(UsedTokens.None, (await CutAsync(WireApi.ChatCompletions)).Used(77, 2));
    }

    [Theory]
    [InlineData("""{"usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4}}}""", 4)]
    [InlineData("""{"response":{"usage":{"input_tokens":9,"output_tokens":1,"input_tokens_details":{"cached_tokens":4}}}}""", 4)]
    [InlineData("""{"usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":40}}}""", 9)]
    [InlineData("""{"usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":-4}}}""", 0)]
    [InlineData("""{"usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":[]}}""", 0)]
    [InlineData("""{"usage":{"prompt_tokens":9,"completion_tokens":-1}}""", 0)]
    public void Used_CachedInput_IsRead(string body, long cached)
    {
        var tap = new UsageTap();
        tap.NoteAnswer(Encoding.UTF8.GetBytes(body));

        Assert.Equal((9, cached), (tap.Used(77, 2).Input, tap.Used(77, 2).CachedInput));
    }

    private static async Task<UsageTap> WatchAsync(WireApi api, params (string? Type, string Data)[] events)
    {
        var tap = new UsageTap(api);
        await foreach (var _ in tap.Watch(Events(events), TestContext.Current.CancellationToken))
        {
        }
        return tap;
    }

    private static async Task<UsageTap> CutAsync(WireApi api, params string[] chunks)
    {
        var tap = new UsageTap(api);
        await Assert.ThrowsAsync<BackendStreamException>(async () =>
        {
            await foreach (var _ in tap.Watch(Events([.. chunks.Select(c => ((string?)null, c))], cut: true), TestContext.Current.CancellationToken))
            {
            }
        });
        return tap;
    }

    private static async IAsyncEnumerable<SseEvent> Events((string? Type, string Data)[] events, bool cut = false)
    {
        foreach (var (type, data) in events)
        {
            await Task.Yield();
            yield return new SseEvent(type, Encoding.UTF8.GetBytes(data));
        }
        if (cut)
            throw new BackendStreamException(new BackendFailure(FailureKind.BadReply, ApiError.BadGateway("cut")));
    }
}
