namespace HybridRouter.Triage.Features;

/// <summary>Hashes of words that stay the same across processes, machines and versions, unlike <see cref="string.GetHashCode()"/>.</summary>
internal static class WordHash
{
    private const uint Basis = 2166136261;
    private const uint Prime = 16777619;

    /// <summary>Lower-cases and drops a plural s, so that a singular and its plural are one word. Never 0.</summary>
    public static uint Of(ReadOnlySpan<char> word)
    {
        var length = word.Length;
        if (length > 3 && word[length - 1] is 's' or 'S' && word[length - 2] is not ('s' or 'S' or '\''))
            length--;
        var hash = Basis;
        for (var i = 0; i < length; i++)
            hash = (hash ^ Lower(word[i])) * Prime;
        return Finish(hash);
    }

    /// <summary>Text as it stands.</summary>
    public static uint OfExact(ReadOnlySpan<char> text, uint salt)
    {
        var hash = Basis ^ salt;
        foreach (var c in text)
            hash = (hash ^ c) * Prime;
        return Finish(hash);
    }

    public static uint Pair(uint first, uint second) => Finish((first * 0x9E3779B1u) ^ (second + 0x7F4A7C15u));

    public static char Lower(char c) =>
        c < 128 ? (uint)(c - 'A') <= 'Z' - 'A' ? (char)(c | 0x20) : c : char.ToLowerInvariant(c);

    private static uint Finish(uint hash)
    {
        hash ^= hash >> 16;
        hash *= 0x85EBCA6B;
        hash ^= hash >> 13;
        hash *= 0xC2B2AE35;
        hash ^= hash >> 16;
        return hash == 0 ? 1u : hash;
    }
}
