using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Local.OpenAi;
using HybridRouter.Wire;
using OllamaSharp.Models.Chat;

namespace HybridRouter.Local.Ollama;

/// <summary>Ollama's chat answers as OpenAI's, whole or chunk by chunk. One per answer.</summary>
internal sealed class OllamaChatAnswer(OpenAiShapes shapes, bool includeUsage)
{
    private int _calls;

    /// <exception cref="BackendStreamException">The answer ended before it was whole.</exception>
    public async IAsyncEnumerable<SseEvent> StreamAsync(IAsyncEnumerable<ChatResponseStream?> source)
    {
        var ended = false;
        yield return shapes.ChatChunk(new JsonObject { ["role"] = "assistant", ["content"] = "" });
        await foreach (var item in source.ConfigureAwait(false))
        {
            foreach (var delta in Deltas(item?.Message))
                yield return shapes.ChatChunk(delta);
            if (item is not { Done: true })
                continue;
            ended = true;
            var done = item as ChatDoneResponseStream;
            yield return shapes.ChatChunk([], FinishReason(done?.DoneReason));
            if (includeUsage)
                yield return shapes.UsageChunk(OpenAiShapes.Usage(done?.PromptEvalCount ?? 0, done?.EvalCount ?? 0));
        }
        if (!ended)
            throw OllamaFailure.Cut();
        yield return SseEvent.Done;
    }

    /// <exception cref="BackendStreamException">The answer ended before it was whole.</exception>
    public async Task<byte[]> WholeAsync(IAsyncEnumerable<ChatResponseStream?> source)
    {
        var (text, thinking, calls) = (new StringBuilder(), new StringBuilder(), new JsonArray());
        ChatDoneResponseStream? done = null;
        await foreach (var item in source.ConfigureAwait(false))
        {
            text.Append(item?.Message?.Content);
            thinking.Append(item?.Message?.Thinking);
            foreach (var call in item?.Message?.ToolCalls ?? [])
                calls.Add(Call(call));
            done = item as ChatDoneResponseStream ?? done;
        }
        if (done is null)
            throw OllamaFailure.Cut();
        var message = new JsonObject { ["role"] = "assistant", ["content"] = text.Length == 0 && calls.Count > 0 ? null : text.ToString(), ["refusal"] = null };
        if (thinking.Length > 0)
            message["reasoning_content"] = thinking.ToString();
        if (calls.Count > 0)
            message["tool_calls"] = calls;
        var choice = new JsonObject { ["index"] = 0, ["message"] = message, ["logprobs"] = null, ["finish_reason"] = FinishReason(done.DoneReason) };
        return shapes.Whole(choice, OpenAiShapes.Usage(done.PromptEvalCount, done.EvalCount));
    }

    private IEnumerable<JsonObject> Deltas(Message? message)
    {
        if (!string.IsNullOrEmpty(message?.Thinking))
            yield return new JsonObject { ["reasoning_content"] = message.Thinking };
        if (!string.IsNullOrEmpty(message?.Content))
            yield return new JsonObject { ["content"] = message.Content };
        // Ollama sends a call whole; so does each delta.
        foreach (var call in message?.ToolCalls ?? [])
        {
            var index = _calls;
            var translated = Call(call);
            translated.Insert(0, "index", index);
            yield return new JsonObject { ["tool_calls"] = new JsonArray(translated) };
        }
    }

    private JsonObject Call(Message.ToolCall call)
    {
        _calls++;
        return new JsonObject
        {
            ["id"] = string.IsNullOrEmpty(call.Id) ? $"call_{Guid.NewGuid():N}" : call.Id,
            ["type"] = "function",
            ["function"] = new JsonObject
            {
                ["name"] = call.Function?.Name ?? "",
                ["arguments"] = JsonSerializer.Serialize(call.Function?.Arguments ?? new Dictionary<string, object?>()),
            },
        };
    }

    private string FinishReason(string? reason) => _calls > 0 ? "tool_calls" : reason == "length" ? "length" : "stop";
}
