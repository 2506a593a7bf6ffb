using HybridRouter.Triage.Features;
using Microsoft.ML.Data;

namespace HybridRouter.Triage.Training;

/// <summary>A featurised row as ML.NET reads it. A row of mixed certainty appears twice, once with each label.</summary>
internal sealed class FeatureRow
{
    public VBuffer<float> Features { get; set; }

    public bool Label { get; set; }

    public float Weight { get; set; } = 1;

    public static SchemaDefinition Schema()
    {
        var schema = SchemaDefinition.Create(typeof(FeatureRow));
        schema[nameof(Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, FeatureSchema.Dimension);
        return schema;
    }

    /// <summary>The vector of one prompt with its indices in order, as ML.NET wants them.</summary>
    public static VBuffer<float> Featurise(TriageInput input, FeatureBuffer buffer)
    {
        PromptFeatures.Extract(input, buffer);
        var indices = buffer.Indices.AsSpan(0, buffer.Count).ToArray();
        var values = buffer.Values.AsSpan(0, buffer.Count).ToArray();
        Array.Sort(indices, values);
        return new VBuffer<float>(FeatureSchema.Dimension, indices.Length, values, indices);
    }
}
