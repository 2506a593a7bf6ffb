using System.Numerics;

namespace HybridRouter.Models.Tiny;

/// <summary>
/// Vectors of +1 and -1 that differ in many places, so that a dot product tells them apart. Two of the same kind have
/// a dot product far below their own length: at most 8 of 24, and at most 4 of 16.
/// </summary>
internal static class TinyCodes
{
    public const int WideLength = 24;
    public const int NarrowLength = 16;

    private static readonly uint[] Narrow = FindNarrow(128);

    /// <summary>A word of the extended binary Golay code (minimum distance 8). <paramref name="index"/>: 0..4095.</summary>
    public static float[] Wide(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, 4095);
        const uint generator = 0xAE3; // x^11+x^9+x^7+x^6+x^5+x+1
        uint word = 0;
        for (var bit = 0; bit < 12; bit++)
        {
            if ((index >> bit & 1) != 0)
                word ^= generator << bit;
        }

        if (BitOperations.PopCount(word) % 2 != 0)
            word |= 1u << 23;
        return Signs(word, WideLength);
    }

    /// <summary>A word of 16 bits with minimum distance 6. <paramref name="index"/>: 0..127.</summary>
    public static float[] ShortWord(int index) => Signs(Narrow[index], NarrowLength);

    /// <summary>A fixed pseudo-random vector of a text (FNV-1a, then xorshift), the same on every machine.</summary>
    public static float[] Hash(string text, int length)
    {
        var state = 14695981039346656037UL;
        foreach (var character in text)
            state = (state ^ character) * 1099511628211UL;

        var values = new float[length];
        for (var i = 0; i < length; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            values[i] = (state >> 40 & 1) != 0 ? 1 : -1;
        }

        return values;
    }

    private static uint[] FindNarrow(int count)
    {
        var words = new List<uint>(count);
        for (uint word = 0; words.Count < count; word++)
        {
            if (words.TrueForAll(other => BitOperations.PopCount(word ^ other) >= 6))
                words.Add(word);
        }

        return [.. words];
    }

    private static float[] Signs(uint word, int length)
    {
        var values = new float[length];
        for (var bit = 0; bit < length; bit++)
            values[bit] = (word >> bit & 1) != 0 ? 1 : -1;
        return values;
    }
}
