namespace HybridRouter.Triage.Features;

/// <summary>Hashes of words that stay the same across processes, machines and versions, unlike <see cref="string.GetHashCode()"/>.</summary>
internal static class WordHash
{
    public const uint Basis = 2166136261;
    private const uint Prime = 16777619;

    /// <summary>Lower-cases and drops a plural s, so that a singular and its plural are one word. Never 0.</summary>
    public static uint Of(ReadOnlySpan<char> word)
    {
        var hash = Basis;
        foreach (var c in IsPlural(word) ? word[..^1] : word)
            hash = Step(hash, Lower(c));
        return Finish(hash);
    }

    /// <summary>One letter in lower case more; for scanners that need not read a word twice.</summary>
    public static uint Step(uint hash, char lower) => (hash ^ lower) * Prime;

    public static bool IsPlural(ReadOnlySpan<char> word) =>
        word.Length > 3 && word[^1] is 's' or 'S' && word[^2] is not ('s' or 'S' or '\'' or '’');

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
        c < 128 ? (uint)(c - 'A') <= 'Z' - 'A' ? (char)(c | 0x20) : c : c == '’' ? '\'' : char.ToLowerInvariant(c);

    /// <summary>The letter in lower case, or a space for anything that is no letter.</summary>
    public static char Letter(char c)
    {
        if (c >= 128)
            return char.IsLetter(c) ? char.ToLowerInvariant(c) : ' ';
        var lower = c | 0x20;
        return (uint)(lower - 'a') <= 'z' - 'a' ? (char)lower : ' ';
    }

    /// <summary>Spreads the bits; never 0.</summary>
    public static uint Finish(uint hash)
    {
        hash ^= hash >> 16;
        hash *= 0x85EBCA6B;
        hash ^= hash >> 13;
        hash *= 0xC2B2AE35;
        hash ^= hash >> 16;
        return hash == 0 ? 1u : hash;
    }
}
