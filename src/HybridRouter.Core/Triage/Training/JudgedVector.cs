using HybridRouter.Triage.Features;
using Microsoft.ML.Data;

namespace HybridRouter.Triage.Training;

/// <summary>A prompt of which only the vector is known, and a judgement on it.</summary>
/// <param name="Indices">Of the layout of this program, in rising order.</param>
/// <param name="Target">Judged chance that a small model fails, 0..1.</param>
/// <param name="Weight">Beside 1 for a row of the data files, above 0 and at most 1.</param>
public sealed record JudgedVector(int[] Indices, float[] Values, double Target, double Weight)
{
    /// <summary>What the second opinion reads beside it; null = it cannot learn from this prompt.</summary>
    public float[]? Embedding { get; init; }

    internal VBuffer<float> ToVector() => new(FeatureSchema.Dimension, Indices.Length, Values, Indices);

    /// <summary>With the embedding, which must be there.</summary>
    internal VBuffer<float> ToFullVector()
    {
        int[] indices = [.. Indices, .. Enumerable.Range(FeatureSchema.Dimension, FeatureSchema.EmbeddingSize)];
        return new VBuffer<float>(FeatureSchema.FullDimension, indices.Length, [.. Values, .. Embedding!], indices);
    }
}
