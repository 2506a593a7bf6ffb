using System.IO.Hashing;

namespace HybridRouter.Callers.Estimates;

/// <summary>
/// Remembers token counts of texts by their hash: agents send their whole history again with each request. Fixed size;
/// a new text takes the place of one whose hash falls on the same entry. Thread-safe without a lock, as an entry is one word.
/// </summary>
internal sealed class CountCache
{
    // Index from the low bits of the hash, 40 bits of it as a tag, 24 bits for the count.
    private const int CountBits = 24;
    private const ulong CountMask = (1UL << CountBits) - 1;

    private readonly ulong[] _entries;

    // Without it a client could look for texts that share an entry, and be charged for the shorter one.
    private readonly long _seed;

    /// <param name="size">Entries, a power of two, at most 2^24; eight bytes each.</param>
    public CountCache(int size, Random random)
    {
        _entries = new ulong[size];
        _seed = random.NextInt64();
    }

    public ulong Key(ReadOnlySpan<byte> text) => XxHash3.HashToUInt64(text, _seed);

    public bool TryGet(ulong key, out int count)
    {
        var entry = Volatile.Read(ref _entries[Index(key)]);
        count = (int)(entry & CountMask);
        return entry != 0 && entry >> CountBits == key >> CountBits;
    }

    public void Set(ulong key, int count)
    {
        if ((ulong)count <= CountMask)
            Volatile.Write(ref _entries[Index(key)], (key & ~CountMask) | (uint)count);
    }

    private int Index(ulong key) => (int)(key & (ulong)(_entries.Length - 1));
}
