using HybridRouter.Embedding;
using HybridRouter.Triage;
using HybridRouter.Triage.Features;

namespace HybridRouter.Learning;

/// <summary>An observation with everything that is computed of its prompt, ready to be written.</summary>
internal sealed record TrafficRow(TrafficObservation Seen, byte[]? UserPrint, byte[]? PromptPrint, byte[]? RequestPrint, byte[] Features)
{
    public byte[]? Embedding { get; init; }

    /// <summary>What made the embedding: those of two encoders cannot be compared.</summary>
    public string? Encoder { get; init; }

    /// <summary>Null = prompts are not kept.</summary>
    public byte[]? SealedPrompt { get; init; }

    public byte[]? PromptKeyId { get; init; }

    /// <summary>Whose weight is capped: not a name that the request chose itself.</summary>
    public string Owner => Seen.Caller.User ?? Seen.Caller.Key ?? "";
}

/// <summary>Does the costly part of keeping a request, off its path. Not thread-safe: one worker has one.</summary>
/// <param name="vault">Null = prompts are not kept.</param>
/// <param name="encoder">Makes the embedding that is kept with a prompt; null = none is kept.</param>
internal sealed class TrafficRowMaker(PromptPrints prints, PromptVault? vault, ISentenceEncoder? encoder)
{
    private readonly Dictionary<PromptDomain, FeatureBuffer> _buffers = [];

    public TrafficRow Make(TrafficObservation seen)
    {
        var prompt = prints.OfPrompt(seen.Triage);
        var text = vault is null ? "" : TextOf(seen.Triage);
        return new TrafficRow(seen, prints.OfUser(seen.Caller.User ?? seen.EndUser), prompt, prints.OfRequest(prompt, seen.Triage, seen.Session), Featurise(seen))
        {
            Embedding = encoder is null ? null : VectorBlob.Write(Embed(encoder, _buffers[seen.Domain])),
            Encoder = encoder?.Version,
            SealedPrompt = vault?.Seal(seen.RequestId, text),
            PromptKeyId = vault?.KeyId,
        };
    }

    /// <param name="buffer">Holds the features of the prompt: the constructor of the row has extracted them.</param>
    private static float[] Embed(ISentenceEncoder encoder, FeatureBuffer buffer)
    {
        var vector = new float[encoder.Dimensions];
        PromptFeatures.Embed(buffer, encoder, vector);
        return vector;
    }

    /// <summary>What triage saw, which is the whole prompt unless it is long.</summary>
    private static string TextOf(TriageInput input)
    {
        var whole = input.PromptChars <= input.Head.Length + input.Tail.Length;
        return input.Tail.Length == 0 ? input.Head : whole ? input.Head + input.Tail : $"{input.Head}\n{input.Tail}";
    }

    private byte[] Featurise(TrafficObservation seen)
    {
        if (!_buffers.TryGetValue(seen.Domain, out var buffer))
            _buffers[seen.Domain] = buffer = new FeatureBuffer(seen.Domain);
        PromptFeatures.Extract(seen.Triage, buffer);
        var indices = buffer.Indices.AsSpan(0, buffer.Count);
        var values = buffer.Values.AsSpan(0, buffer.Count);
        indices.Sort(values);
        return VectorBlob.Write(indices, values);
    }
}
