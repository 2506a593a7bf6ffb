namespace HybridRouter.Triage.Features;

/// <summary>
/// Scratch space for one featurisation: the bounded text, the n-grams seen so far and the sparse vector they become.
/// Its size is fixed, so scoring allocates nothing per prompt. Not thread-safe: one per thread.
/// </summary>
/// <param name="domain">Whose concepts are written; the rest of the vector is the same for all.</param>
internal sealed class FeatureBuffer(PromptDomain domain)
{
    private readonly ulong[] _seen = new ulong[(FeatureSchema.Dimension + 63) / 64];

    public PromptDomain Domain { get; } = domain;

    /// <summary>The window, head and tail, in plain characters and without what is no part of the task.</summary>
    public char[] Text { get; } = new char[TriageInput.HeadChars + TriageInput.TailChars + 1];

    public int TextLength { get; set; }

    /// <summary>Characters of the whole prompt that are about the task, if they are as many in a hundred beyond the window as within it.</summary>
    public float TaskChars { get; set; }

    public AsideFilter Asides { get; } = new();

    /// <summary>Hashes of the words in order, each followed by the hash of the pair that ends in it (0 for none).</summary>
    public uint[] Words { get; } = new uint[2 * (TriageInput.HeadChars + TriageInput.TailChars + 1)];

    public SignalCounts Counts { get; } = new();

    public int[] Indices { get; } = new int[FeatureSchema.MaxActive];

    public float[] Values { get; } = new float[FeatureSchema.MaxActive];

    /// <summary>Entries in use of <see cref="Indices"/> and <see cref="Values"/>.</summary>
    public int Count { get; private set; }

    public void Clear()
    {
        Array.Clear(_seen);
        Count = 0;
    }

    /// <summary>Adds an n-gram once; later sightings of the same index are ignored. Written without branches: sightings are as good as random.</summary>
    public void AddOnce(int index)
    {
        ref var word = ref _seen[index >> 6];
        var fresh = (int)(~(word >> (index & 63)) & 1);
        word |= 1UL << (index & 63);
        Indices[Count] = index;
        Count += fresh;
    }

    public void Add(int index, float value)
    {
        if (value == 0)
            return;
        Indices[Count] = index;
        Values[Count++] = value;
    }

    /// <summary>Gives every entry from <paramref name="start"/> on the same value, so that the block has length <paramref name="norm"/>.</summary>
    public void Spread(int start, float norm)
    {
        if (Count > start)
            Values.AsSpan(start, Count - start).Fill(norm / MathF.Sqrt(Count - start));
    }
}
