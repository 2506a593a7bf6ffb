using System.Text;
using HybridRouter.Drafts;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Drafts;

public sealed class DraftReaderTests
{
    [Fact]
    public void Add_ChatChunks_AreOneDraft()
    {
        var draft = Read(
            """{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""",
            """{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}""",
            """{"choices":[{"index":0,"delta":{"content":"Hel"},"logprobs":{"content":[{"token":"Hel","logprob":-0.5,"top_logprobs":[{"token":"x","logprob":-3}]}]}}]}""",
            """{"choices":[{"index":1,"delta":{"content":"other"}},{"index":0,"delta":{"content":"lo \ud83d"}}]}""",
            """{"choices":[{"index":0,"delta":{"content":"\ude00"},"logprobs":null}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\""}},{"index":1,"function":{"name":"g","arguments":""}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":"tool_calls"}]}""",
            """{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":9}}""",
            "not json");

        Assert.Equal(("Hello 😀", "tool_calls", 9, true), (draft.Text, draft.FinishReason, draft.OutputTokens, draft.HasReasoning));
        Assert.Equal([new DraftCall("f", "{\"a\":1}"), new DraftCall("g", "")], draft.Calls);
        Assert.Equal([-0.5f], draft.LogProbs);
    }

    [Fact]
    public void Add_WholeAnswers_AreRead()
    {
        var chat = Read("""{"choices":[{"message":{"content":[{"type":"text","text":"a"}],"refusal":"no","tool_calls":[{"function":{"name":"f","arguments":"1"}},{"function":{"name":"g","arguments":"2"}}]},"finish_reason":"stop"}]}""");
        var text = Read("""{"choices":[{"text":"ab","index":0,"finish_reason":"length","logprobs":{"token_logprobs":[null,-1.5,0],"tokens":["a","b","c"]}}]}""");

        Assert.Equal(("a", "no"), (chat.Text, chat.Refusal));
        Assert.Equal([new DraftCall("f", "1"), new DraftCall("g", "2")], chat.Calls);
        Assert.Equal(("ab", true), (text.Text, text.WasCut));
        Assert.Equal([-1.5f, 0f], text.LogProbs);
    }

    [Fact]
    public void Add_MoreThanIsKept_IsClipped()
    {
        var piece = """{"choices":[{"delta":{"content":"X"}}]}""".Replace("X", new string('x', 100_000));
        var draft = Read(piece, piece, piece, piece);

        Assert.Equal((DraftReader.MaxChars, true), (draft.Text.Length, draft.IsClipped));
    }

    [Theory]
    [InlineData("{\"a\":1}", "{\"a\":1,\"logprobs\":true,\"top_logprobs\":1}", WireApi.ChatCompletions)]
    [InlineData("{\"logprobs\":false,\"a\":1}", "{\"a\":1,\"logprobs\":true,\"top_logprobs\":1}", WireApi.ChatCompletions)]
    [InlineData("{\"a\":1}", "{\"a\":1,\"logprobs\":1}", WireApi.Completions)]
    [InlineData("{\"logprobs\":true}", null, WireApi.ChatCompletions)]
    [InlineData("{\"logprobs\":0}", null, WireApi.Completions)]
    public void Ask_Request_OnlyWhatItDidNotAskItself(string body, string? asked, WireApi api) =>
        Assert.Equal(asked, AddedLogProbs.Ask(api, Encoding.UTF8.GetBytes(body)) is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : null);

    [Theory]
    [InlineData("""{"id":"\u0031","choices":[{"index":0,"delta":{"content":"\"logprobs\""},"logprobs":{"content":[{"logprob":-1}]},"finish_reason":null}],"odd":1.50}""", """{"id":"\u0031","choices":[{"index":0,"delta":{"content":"\"logprobs\""},"finish_reason":null}],"odd":1.50}""")]
    [InlineData("""{"choices":[{"delta":{}}]}""", """{"choices":[{"delta":{}}]}""")]
    [InlineData("""{"choices":"odd","logprobs":1}""", """{"choices":"odd","logprobs":1}""")]
    public void Remove_Answer_AllElseStays(string answer, string left) => Assert.Equal(left, Encoding.UTF8.GetString(AddedLogProbs.Remove(Encoding.UTF8.GetBytes(answer)).Span));

    private static Draft Read(params string[] parts)
    {
        var reader = new DraftReader();
        foreach (var part in parts)
            reader.Add(Encoding.UTF8.GetBytes(part));
        return reader.ToDraft();
    }
}
