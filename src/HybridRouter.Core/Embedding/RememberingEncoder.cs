namespace HybridRouter.Embedding;

/// <summary>Encodes each text once: for training, which reads the same prompts many times. Not thread-safe; keeps all it saw.</summary>
public sealed class RememberingEncoder(ISentenceEncoder inner) : ISentenceEncoder
{
    private readonly Dictionary<string, float[]> _seen = new(StringComparer.Ordinal);

    public int Dimensions => inner.Dimensions;

    public string Version => inner.Version;

    public void Encode(ReadOnlySpan<char> text, Span<float> destination)
    {
        var seen = _seen.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!seen.TryGetValue(text, out var vector))
        {
            vector = new float[Dimensions];
            inner.Encode(text, vector);
            seen[text] = vector;
        }
        vector.CopyTo(destination);
    }
}
