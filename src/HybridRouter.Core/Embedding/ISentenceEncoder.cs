namespace HybridRouter.Embedding;

/// <summary>Turns a text into a vector whose direction is its meaning. Implementations are thread-safe and need no network.</summary>
public interface ISentenceEncoder
{
    /// <summary>Length of every vector.</summary>
    int Dimensions { get; }

    /// <summary>Name and version of the model. Vectors of different versions must not be compared.</summary>
    /// <exception cref="EncoderLoadException">The model cannot be loaded.</exception>
    string Version { get; }

    /// <summary>
    /// Writes a vector of length 1, so that the dot product of two is their cosine, -1..1. Only the beginning of a long
    /// text is read: the cost is bounded.
    /// </summary>
    /// <param name="text">Any text; empty and malformed UTF-16 are no errors.</param>
    /// <param name="destination">At least <see cref="Dimensions"/> long; the rest is left as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="EncoderLoadException">The model cannot be loaded.</exception>
    void Encode(ReadOnlySpan<char> text, Span<float> destination);
}
