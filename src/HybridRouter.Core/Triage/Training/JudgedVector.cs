using HybridRouter.Triage.Features;
using Microsoft.ML.Data;

namespace HybridRouter.Triage.Training;

/// <summary>A prompt of which only the vector is known, and a judgement on it.</summary>
/// <param name="Indices">Of the layout of this program, in rising order.</param>
/// <param name="Target">Judged chance that a small model fails, 0..1.</param>
/// <param name="Weight">Beside 1 for a row of the data files, above 0 and at most 1.</param>
public sealed record JudgedVector(int[] Indices, float[] Values, double Target, double Weight)
{
    internal VBuffer<float> ToVector() => new(FeatureSchema.Dimension, Indices.Length, Values, Indices);
}
