using System.Buffers.Binary;

namespace HybridRouter.Simulator.Answers;

/// <summary>
/// Vectors of length one made from the words of a text: the same text always gets the same vector, and texts that share
/// words are nearer to each other than texts that do not.
/// </summary>
internal static class EmbeddingVector
{
    public static float[] Of(string text, int dimensions)
    {
        var vector = new float[dimensions];
        foreach (var word in text.ToLowerInvariant().Split((char[])[' ', '\n', '\t', '\r', '.', ','], StringSplitOptions.RemoveEmptyEntries))
            AddWord(vector, word);
        // No words, or words that cancel each other out: any direction will do, as long as the length is one.
        if (Array.TrueForAll(vector, v => v == 0))
            vector[0] = 1;
        var length = MathF.Sqrt(vector.Sum(v => v * v));
        for (var i = 0; i < dimensions; i++)
            vector[i] /= length;
        return vector;
    }

    /// <summary>Little-endian float32, as base64 answers carry it.</summary>
    public static byte[] ToBytes(float[] vector)
    {
        var bytes = new byte[vector.Length * 4];
        for (var i = 0; i < vector.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 4), vector[i]);
        return bytes;
    }

    private static void AddWord(float[] vector, string word)
    {
        var state = 14695981039346656037UL;
        foreach (var c in word)
            state = (state ^ c) * 1099511628211UL;
        // A few places for each word keep long texts cheap.
        for (var i = 0; i < 8; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            vector[(int)(state % (ulong)vector.Length)] += (state >> 40 & 1) == 0 ? 1 : -1;
        }
    }
}
