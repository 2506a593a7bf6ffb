using HybridRouter.Embedding;

namespace HybridRouter.Triage.Features;

/// <summary>
/// Turns a <see cref="TriageInput"/> into a sparse vector. Training and serving call this one method, so they cannot drift.
/// Work is bounded by the window, and everything is written into a reused buffer.
/// </summary>
internal static class PromptFeatures
{
    public static void Extract(TriageInput input, FeatureBuffer buffer)
    {
        buffer.Clear();
        Fill(input, buffer);
        var text = buffer.Text.AsSpan(0, buffer.TextLength);
        var counts = buffer.Counts;
        counts.Clear();
        LineScanner.Scan(text, counts);
        CharScanner.Scan(text, counts);
        var words = WordScanner.Scan(text, counts, buffer.Words);

        var start = buffer.Count;
        for (var i = 0; i < words; i += 2)
            buffer.AddOnce(FeatureSchema.WordStart + (int)(buffer.Words[i] >> (32 - FeatureSchema.WordBits)));
        counts.DistinctWords = buffer.Count - start;
        buffer.Spread(start, FeatureSchema.WordNorm);

        start = buffer.Count;
        for (var i = 1; i < words; i += 2)
        {
            if (buffer.Words[i] != 0)
                buffer.AddOnce(FeatureSchema.PairStart + (int)(buffer.Words[i] >> (32 - FeatureSchema.PairBits)));
        }
        buffer.Spread(start, FeatureSchema.PairNorm);

        start = buffer.Count;
        NgramScanner.Scan(text, buffer);
        buffer.Spread(start, FeatureSchema.LetterNorm);

        SignalScaling.Write(input, counts, buffer);
    }

    /// <summary>Adds the meaning of the text, as a sentence encoder sees it, to what was extracted.</summary>
    public static void AddEmbedding(FeatureBuffer buffer, ISentenceEncoder encoder)
    {
        Span<float> vector = stackalloc float[FeatureSchema.EmbeddingSize];
        Embed(buffer, encoder, vector);
        for (var i = 0; i < vector.Length; i++)
            buffer.Add(FeatureSchema.Dimension + i, vector[i]);
    }

    /// <summary>The embedding of what was extracted, as it stands in the vector: shorter for a prompt of which the encoder reads only the beginning.</summary>
    public static void Embed(FeatureBuffer buffer, ISentenceEncoder encoder, Span<float> vector)
    {
        encoder.Encode(buffer.Text.AsSpan(0, buffer.TextLength), vector);
        var norm = FeatureSchema.EmbeddingNorm * MathF.Min(1, FeatureSchema.EmbeddingWindow / Math.Max(1, buffer.TaskChars));
        for (var i = 0; i < vector.Length; i++)
            vector[i] *= norm;
    }

    private static void Fill(TriageInput input, FeatureBuffer buffer)
    {
        var head = input.Head.AsSpan(0, Math.Min(input.Head.Length, TriageInput.HeadChars));
        var tail = input.Tail.AsSpan(Math.Max(0, input.Tail.Length - TriageInput.TailChars));
        var length = CharFolding.Append(head, buffer.Text, 0);
        var beyond = (float)input.PromptChars / Math.Max(1, head.Length + tail.Length);
        if (!tail.IsEmpty)
        {
            if (beyond > 1)
                buffer.Text[length++] = '\n';
            length = CharFolding.Append(tail, buffer.Text, length);
        }
        buffer.TextLength = buffer.Asides.Apply(buffer.Text.AsSpan(0, length));
        buffer.TaskChars = buffer.TextLength * Math.Max(1, beyond);
    }
}
