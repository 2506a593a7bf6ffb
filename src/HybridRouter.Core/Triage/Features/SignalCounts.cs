namespace HybridRouter.Triage.Features;

/// <summary>Raw counts of one prompt, before they are scaled. Reused from prompt to prompt.</summary>
internal sealed class SignalCounts
{
    private readonly double[] _signals = new double[FeatureSchema.SignalCount];
    private readonly int[] _concepts = new int[Lexicon.Concepts.Length];

    /// <summary>Words of prose and code seen in the window.</summary>
    public int Words { get; set; }

    /// <summary>Different words seen in the window.</summary>
    public int DistinctWords { get; set; }

    /// <summary>Letters in those words.</summary>
    public int WordLetters { get; set; }

    public ReadOnlySpan<int> Concepts => _concepts;

    public double this[Signal signal]
    {
        get => _signals[(int)signal];
        set => _signals[(int)signal] = value;
    }

    public void Raise(Signal signal, double value)
    {
        ref var current = ref _signals[(int)signal];
        if (value > current)
            current = value;
    }

    public void Count(ulong concepts)
    {
        while (concepts != 0)
        {
            _concepts[System.Numerics.BitOperations.TrailingZeroCount(concepts)]++;
            concepts &= concepts - 1;
        }
    }

    public void Clear()
    {
        Array.Clear(_signals);
        Array.Clear(_concepts);
        Words = DistinctWords = WordLetters = 0;
    }
}
