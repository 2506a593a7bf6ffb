#if LLAMASHARP
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using HybridRouter.Configuration;
using HybridRouter.Wire;
using LLama;
using LLama.Common;
using LLama.Native;
using LLama.Sampling;

namespace HybridRouter.Local.LLama;

/// <summary>Piece of an answer; the last one has a finish reason and the counts.</summary>
internal readonly record struct GeneratedText(string Text, string? FinishReason = null, int PromptTokens = 0, int AnswerTokens = 0);

/// <summary>Weights in this process and a context per slot. Thread-safe for as many callers as there are slots.</summary>
internal sealed class LLamaSharpModel : IDisposable
{
    private readonly LLamaWeights _weights;
    private readonly ConcurrentBag<LLamaContext> _idle = [];
    private readonly ModelParams _parameters;

    private LLamaSharpModel(LLamaWeights weights, ModelParams parameters) => (_weights, _parameters) = (weights, parameters);

    public static async Task<LLamaSharpModel> LoadAsync(string file, LocalModelOptions options, CancellationToken cancellationToken)
    {
        var parameters = new ModelParams(file) { ContextSize = (uint)options.ContextTokens, GpuLayerCount = options.GpuLayers < 0 ? 999 : options.GpuLayers };
        return new LLamaSharpModel(await LLamaWeights.LoadFromFileAsync(parameters, cancellationToken).ConfigureAwait(false), parameters);
    }

    /// <exception cref="ApiException">The prompt does not fit, or the model lacks what is asked for.</exception>
    public async IAsyncEnumerable<GeneratedText> GenerateAsync(TextRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!_idle.TryTake(out var context))
            context = _weights.CreateContext(_parameters);
        using var sampler = CreateSampler(request);
        try
        {
            context.NativeHandle.MemoryClear();
            var prompt = Tokenize(context, request);
            var room = (int)context.ContextSize - prompt.Count;
            if (room <= 0)
                throw new ApiException(ApiError.Invalid($"The prompt has {prompt.Count} tokens and the context of the local model {context.ContextSize}.", "messages", "context_length_exceeded"));

            var batch = new LLamaBatch();
            var (result, _, position) = await context.DecodeAsync(prompt, LLamaSeqId.Zero, batch, 0, cancellationToken).ConfigureAwait(false);
            var decoder = new StreamingTokenDecoder(context);
            var stops = new StopFilter(request.Stops);
            var (limit, count, reason) = (Math.Min(request.MaxTokens, room), 0, "length");
            while (count < limit)
            {
                if (result != DecodeResult.Ok)
                    throw new InvalidOperationException($"llama.cpp could not decode ({result}).");
                cancellationToken.ThrowIfCancellationRequested();
                var token = sampler.Sample(context.NativeHandle, batch.TokenCount - 1);
                if (token.IsEndOfGeneration(_weights.Vocab))
                {
                    reason = "stop";
                    break;
                }
                count++;
                decoder.Add(token);
                if (stops.Push(decoder.Read()) is { Length: > 0 } text)
                    yield return new GeneratedText(text);
                if (stops.Stopped)
                {
                    reason = "stop";
                    break;
                }
                batch.Clear();
                batch.Add(token, position++, LLamaSeqId.Zero, true);
                if (count < limit)
                    result = await context.DecodeAsync(batch, cancellationToken).ConfigureAwait(false);
            }
            yield return new GeneratedText(stops.Flush(), reason, prompt.Count, count);
        }
        finally
        {
            _idle.Add(context);
        }
    }

    public void Dispose()
    {
        while (_idle.TryTake(out var context))
            context.Dispose();
        _weights.Dispose();
    }

    private List<LLamaToken> Tokenize(LLamaContext context, TextRequest request)
    {
        if (request.Turns.Count > 0)
        {
            var template = new LLamaTemplate(_weights) { AddAssistant = true };
            foreach (var (role, text) in request.Turns)
                template.Add(role, text);
            return [.. context.Tokenize(LLamaTemplate.Encoding.GetString(template.Apply()), addBos: true, special: true)];
        }
        if (request.Suffix is null)
            return [.. context.Tokenize(request.Prompt, addBos: true, special: false)];
        var vocabulary = _weights.Vocab;
        if (vocabulary is not { InfillPrefix: { } prefix, InfillSuffix: { } suffix, InfillMiddle: { } middle })
            throw new ApiException(ApiError.Invalid("The local model was not trained for fill-in-the-middle.", "suffix"));
        List<LLamaToken> tokens = [prefix, .. context.Tokenize(request.Prompt, addBos: false), suffix, .. context.Tokenize(request.Suffix, addBos: false), middle];
        if (vocabulary.ShouldAddBOS && vocabulary.BOS is { } begin)
            tokens.Insert(0, begin);
        return tokens;
    }

    private static BaseSamplingPipeline CreateSampler(TextRequest request)
    {
        if (request.Temperature <= 0)
            return new GreedySamplingPipeline();
        var sampler = new DefaultSamplingPipeline
        {
            Temperature = request.Temperature,
            TopP = request.TopP,
            FrequencyPenalty = request.FrequencyPenalty,
            PresencePenalty = request.PresencePenalty,
            MinP = 0.05f,
        };
        if (request.Seed is { } seed)
            sampler.Seed = seed;
        return sampler;
    }
}
#endif
