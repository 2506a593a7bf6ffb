using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Wire;

namespace HybridRouter.Local.OpenAi;

/// <summary>Writes the OpenAI objects of one answer: same id, model and time in all of them.</summary>
internal sealed class OpenAiShapes(WireApi api, string model, long created)
{
    private readonly string _id = $"{(api == WireApi.Completions ? "cmpl" : "chatcmpl")}-{Guid.NewGuid():N}";

    /// <summary>A whole answer.</summary>
    public byte[] Whole(JsonObject choice, JsonObject usage)
    {
        var answer = Shell(api == WireApi.Completions ? "text_completion" : "chat.completion", [choice]);
        answer["usage"] = usage;
        return JsonSerializer.SerializeToUtf8Bytes(answer);
    }

    public SseEvent ChatChunk(JsonObject delta, string? finishReason = null) => Chunk(new JsonObject
    {
        ["index"] = 0,
        ["delta"] = delta,
        ["logprobs"] = null,
        ["finish_reason"] = finishReason,
    });

    public SseEvent TextChunk(string text, string? finishReason = null) => Chunk(TextChoice(text, finishReason));

    public SseEvent UsageChunk(JsonObject usage)
    {
        var chunk = Shell(ChunkKind, []);
        chunk["usage"] = usage;
        return new SseEvent(null, JsonSerializer.SerializeToUtf8Bytes(chunk));
    }

    public static JsonObject TextChoice(string text, string? finishReason) => new()
    {
        ["text"] = text,
        ["index"] = 0,
        ["logprobs"] = null,
        ["finish_reason"] = finishReason,
    };

    public static JsonObject Usage(int prompt, int completion) => new()
    {
        ["prompt_tokens"] = prompt,
        ["completion_tokens"] = completion,
        ["total_tokens"] = prompt + completion,
    };

    private string ChunkKind => api == WireApi.Completions ? "text_completion" : "chat.completion.chunk";

    private SseEvent Chunk(JsonObject choice) => new(null, JsonSerializer.SerializeToUtf8Bytes(Shell(ChunkKind, [choice])));

    private JsonObject Shell(string kind, JsonArray choices) => new()
    {
        ["id"] = _id,
        ["object"] = kind,
        ["created"] = created,
        ["model"] = model,
        ["choices"] = choices,
    };
}
