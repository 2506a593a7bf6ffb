namespace HybridRouter.Triage.Features;

/// <summary>Hashes of words that stay the same across processes, machines and versions, unlike <see cref="string.GetHashCode()"/>.</summary>
internal static class WordHash
{
    private const uint Basis = 2166136261;
    private const uint Prime = 16777619;

    /// <summary>Lower-cases and drops a plural s, so that a singular and its plural are one word. Never 0.</summary>
    public static uint Of(ReadOnlySpan<char> word)
    {
        var hash = new Rolling();
        foreach (var c in word)
            hash.Add(Lower(c));
        return hash.Finish();
    }

    /// <summary>The same, letter by letter, so that a scanner need not read a word twice.</summary>
    public ref struct Rolling
    {
        private uint _hash = Basis;
        private uint _before;
        private char _last;
        private char _beforeLast;
        private int _length;

        public Rolling()
        {
        }

        /// <param name="lower">A letter in lower case, or an apostrophe.</param>
        public void Add(char lower)
        {
            _before = _hash;
            _beforeLast = _last;
            _last = lower;
            _length++;
            _hash = (_hash ^ lower) * Prime;
        }

        public readonly uint Finish() =>
            WordHash.Finish(_length > 3 && _last == 's' && _beforeLast is not ('s' or '\'') ? _before : _hash);
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

    /// <summary>The letter in lower case, or a space for anything that is no letter.</summary>
    public static char Letter(char c)
    {
        if (c >= 128)
            return char.IsLetter(c) ? char.ToLowerInvariant(c) : ' ';
        var lower = c | 0x20;
        return (uint)(lower - 'a') <= 'z' - 'a' ? (char)lower : ' ';
    }

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
