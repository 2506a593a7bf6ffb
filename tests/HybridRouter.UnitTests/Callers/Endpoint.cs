using System.Text;
using HybridRouter.Backends;
using HybridRouter.UnitTests.Flow;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Callers;

/// <summary>One of the operations that reach a model: a request for it, and an answer that counts 20 + 10 tokens (embeddings 30).</summary>
internal sealed class Endpoint(string name, WireApi api, bool streams)
{
    public const int Tokens = 30;

    private const string Text = "01234567012345670123456701234567";

    public static readonly IReadOnlyList<Endpoint> All =
    [
        new("chat", WireApi.ChatCompletions, false),
        new("chat stream", WireApi.ChatCompletions, true),
        new("responses", WireApi.Responses, false),
        new("responses stream", WireApi.Responses, true),
        new("completions", WireApi.Completions, false),
        new("completions stream", WireApi.Completions, true),
        new("embeddings", WireApi.Embeddings, false),
    ];

    public WireApi Api => api;

    public bool Streams => streams;

    public static Endpoint Of(string name) => All.Single(e => e.ToString() == name);

    /// <param name="members">More members, with a comma after each.</param>
    public string Request(string members = "") => api switch
    {
        WireApi.ChatCompletions => $$"""{ {{Stream}}{{members}}"model":"m","messages":[{"role":"user","content":"one two three four"}]}""",
        WireApi.Responses => $$"""{ {{Stream}}{{members}}"model":"m","input":"one two three four"}""",
        WireApi.Completions => $$"""{ {{Stream}}{{members}}"model":"m","max_tokens":100,"prompt":"one two three four"}""",
        _ => $$"""{ {{members}}"model":"m","input":[{{string.Join(',', Enumerable.Range(1, Tokens))}}]}""",
    };

    /// <summary>The answer as a backend that speaks the operation itself sends it.</summary>
    /// <param name="usage">False: without counts.</param>
    public void Answer(ScriptedBackend backend, bool usage = true)
    {
        if (streams)
            backend.Answer = (_, _) => Task.FromResult<BackendReply>(new BackendReply.Streaming(Events(usage)));
        else
            backend.Answers(Body(usage));
    }

    /// <summary>Text of 32 characters in four pieces, then counts, then the end.</summary>
    public async IAsyncEnumerable<SseEvent> Events(bool usage)
    {
        for (var i = 0; i < 4; i++)
        {
            await Task.Yield();
            yield return Piece();
        }
        if (api == WireApi.Responses)
        {
            yield return new("response.completed", Encoding.UTF8.GetBytes("{\"type\":\"response.completed\",\"response\":" + Response(usage) + "}"));
            yield break;
        }
        if (usage)
            yield return new(null, Encoding.UTF8.GetBytes($$"""{"choices":[]{{Usage(usage)}} }"""));
        yield return SseEvent.Done;
    }

    public SseEvent Piece() => api switch
    {
        WireApi.Responses => new("response.output_text.delta", """{"type":"response.output_text.delta","delta":"01234567"}"""u8.ToArray()),
        WireApi.Completions => new(null, """{"choices":[{"text":"01234567"}]}"""u8.ToArray()),
        _ => new(null, """{"choices":[{"delta":{"content":"01234567"}}]}"""u8.ToArray()),
    };

    public override string ToString() => name;

    private string Stream => streams ? "\"stream\":true," : "";

    private string Body(bool usage) => api switch
    {
        WireApi.ChatCompletions => $$"""{"choices":[{"message":{"content":"{{Text}}"} }]{{Usage(usage)}} }""",
        WireApi.Responses => Response(usage),
        WireApi.Completions => $$"""{"choices":[{"text":"{{Text}}"}]{{Usage(usage)}} }""",
        _ => $$"""{"data":[{"embedding":[0.5]}]{{Usage(usage)}} }""",
    };

    private string Response(bool usage) => $$"""{"id":"r","instructions":"not an answer","output":[{"type":"message","content":[{"type":"output_text","text":"{{Text}}"}]}]{{Usage(usage)}} }""";

    private string Usage(bool usage) => !usage ? "" : api switch
    {
        WireApi.Responses => ",\"usage\":{\"input_tokens\":20,\"output_tokens\":10,\"input_tokens_details\":{\"cached_tokens\":8}}",
        WireApi.Embeddings => ",\"usage\":{\"prompt_tokens\":30,\"total_tokens\":30}",
        _ => ",\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":10,\"prompt_tokens_details\":{\"cached_tokens\":8}}",
    };
}
