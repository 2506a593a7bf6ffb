using HybridRouter.Triage.Features;
using Microsoft.ML.Data;

namespace HybridRouter.Triage.Training;

/// <summary>A featurised row as ML.NET reads it. A row of mixed certainty appears twice, once with each label.</summary>
internal sealed class FeatureRow
{
    public VBuffer<float> Features { get; set; }

    public bool Label { get; set; }

    public float Weight { get; set; } = 1;

    public static SchemaDefinition Schema(int dimension)
    {
        var schema = SchemaDefinition.Create(typeof(FeatureRow));
        schema[nameof(Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, dimension);
        return schema;
    }

    /// <summary>The vector of one prompt with its indices in order, as ML.NET wants them.</summary>
    /// <param name="keeps">Tells which indices to keep; null = all.</param>
    public static VBuffer<float> Featurise(TriageInput input, FeatureBuffer buffer, Func<int, bool>? keeps = null, Embedding.ISentenceEncoder? encoder = null)
    {
        PromptFeatures.Extract(input, buffer);
        if (encoder is not null)
            PromptFeatures.AddEmbedding(buffer, encoder);
        var used = Enumerable.Range(0, buffer.Count).Where(i => keeps?.Invoke(buffer.Indices[i]) != false).ToList();
        var indices = used.ConvertAll(i => buffer.Indices[i]).ToArray();
        var values = used.ConvertAll(i => buffer.Values[i]).ToArray();
        Array.Sort(indices, values);
        return new VBuffer<float>(encoder is null ? FeatureSchema.Dimension : FeatureSchema.FullDimension, indices.Length, values, indices);
    }
}
