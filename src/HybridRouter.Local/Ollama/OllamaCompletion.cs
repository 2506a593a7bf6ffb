using System.Text;
using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Local.OpenAi;
using HybridRouter.Wire;
using OllamaSharp.Models;

namespace HybridRouter.Local.Ollama;

/// <summary>OpenAI completions, fill-in-the-middle included, through <c>/api/generate</c>.</summary>
internal sealed class OllamaCompletion(OpenAiShapes shapes, bool includeUsage)
{
    /// <summary>OpenAI's own default for completions.</summary>
    private const int DefaultMaxTokens = 16;

    /// <exception cref="ApiException">The prompt is not a single string.</exception>
    public static GenerateRequest Request(JsonElement body, string tag, LocalModelOptions model, string keepAlive, bool stream)
    {
        var prompt = OllamaOptions.Text(body, "prompt") ?? throw new ApiException(ApiError.Invalid("Ollama takes a single string as 'prompt'.", "prompt"));
        var suffix = OllamaOptions.Text(body, "suffix");
        var request = new GenerateRequest
        {
            Model = tag,
            Prompt = prompt,
            Format = OllamaOptions.Format(body),
            Options = OllamaOptions.From(body, model, DefaultMaxTokens),
            KeepAlive = keepAlive,
            Stream = stream,
        };
        // With a suffix Ollama applies the model's own fill-in-the-middle template; without one the text is to be continued as it is.
        if (!string.IsNullOrEmpty(suffix))
            request.Suffix = suffix;
        else
            request.Raw = true;
        return request;
    }

    /// <exception cref="BackendStreamException">The answer ended before it was whole.</exception>
    public async IAsyncEnumerable<SseEvent> StreamAsync(IAsyncEnumerable<GenerateResponseStream?> source)
    {
        var ended = false;
        await foreach (var item in source.ConfigureAwait(false))
        {
            if (item is GenerateDoneResponseStream done)
            {
                ended = true;
                yield return shapes.TextChunk(item.Response ?? "", FinishReason(done));
                if (includeUsage)
                    yield return shapes.UsageChunk(OpenAiShapes.Usage(done.PromptEvalCount, done.EvalCount));
            }
            else if (!string.IsNullOrEmpty(item?.Response))
            {
                yield return shapes.TextChunk(item.Response);
            }
        }
        if (!ended)
            throw OllamaFailure.Cut();
        yield return SseEvent.Done;
    }

    /// <exception cref="BackendStreamException">The answer ended before it was whole.</exception>
    public async Task<byte[]> WholeAsync(IAsyncEnumerable<GenerateResponseStream?> source)
    {
        var text = new StringBuilder();
        GenerateDoneResponseStream? done = null;
        await foreach (var item in source.ConfigureAwait(false))
        {
            text.Append(item?.Response);
            done = item as GenerateDoneResponseStream ?? done;
        }
        return done is null
            ? throw OllamaFailure.Cut()
            : shapes.Whole(OpenAiShapes.TextChoice(text.ToString(), FinishReason(done)), OpenAiShapes.Usage(done.PromptEvalCount, done.EvalCount));
    }

    private static string FinishReason(GenerateDoneResponseStream done) => done.DoneReason == "length" ? "length" : "stop";
}
