using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HybridRouter.Triage.Features;

/// <summary>
/// The layout of the vector: signals, concepts, then hashed words, word pairs and letter patterns. A model states the
/// <see cref="Hash"/> of the schema it was trained on and is refused under another.
/// </summary>
internal static class FeatureSchema
{
    /// <summary>Raise with any change to what a feature means.</summary>
    public const int Version = 4;

    public const int WordBits = 14;
    public const int PairBits = 15;
    public const int LetterBits = 15;

    /// <summary>Characters in a letter pattern; four fit into 64 bits.</summary>
    public const int LetterGram = 4;

    /// <summary>Length of the vector of each hashed block: how loudly the block speaks before it is weighted.</summary>
    public const float WordNorm = 1.5f;

    public const float PairNorm = 0.5f;
    public const float LetterNorm = 2.2f;

    /// <summary>What 1 on the scale of a signal or concept becomes in the vector: under one ridge penalty, smaller is trusted less.</summary>
    public const double SignalScale = 0.2;

    public const double ConceptScale = 0.7;

    /// <summary>The same for a signal within one shape of prompt.</summary>
    public const double CrossScale = 0.3;

    /// <summary>Room for one prompt: a word, a pair and a letter pattern for every character at the very most, and the dense part.</summary>
    public const int MaxActive = 12_288 + EmbeddingSize;

    public static readonly int SignalCount = Enum.GetValues<Signal>().Length;
    public static readonly int ConceptStart = SignalCount;
    public static readonly int CrossStart = ConceptStart + (2 * Lexicon.Concepts.Length);
    public static readonly int WordStart = CrossStart + FormatFeatures.Count;
    public static readonly int PairStart = WordStart + (1 << WordBits);
    public static readonly int LetterStart = PairStart + (1 << PairBits);
    public static readonly int Dimension = LetterStart + (1 << LetterBits);

    /// <summary>Behind the sparse part, in models that read it: the sentence embedding.</summary>
    public const int EmbeddingSize = 512;

    /// <summary>Length of the embedding in the vector.</summary>
    public const float EmbeddingNorm = 2;

    /// <summary>Characters that the encoder reads, about: of a longer prompt it knows less, and its vector is shortened by as much.</summary>
    public const float EmbeddingWindow = 250;

    public static readonly int FullDimension = Dimension + EmbeddingSize;

    /// <summary>16 hexadecimal digits over version, layout, names and lexicon.</summary>
    public static string Hash { get; } = ComputeHash();

    /// <summary>A feature in words. Hashed features share the name of their block: what they stand for is not kept.</summary>
    public static string NameOf(int index)
    {
        if (index < ConceptStart)
            return SignalNames.Of((Signal)index);
        if (index < CrossStart)
            return Lexicon.Concepts[(index - ConceptStart) / 2].Name;
        if (index < WordStart)
            return FormatFeatures.NameOf(index - CrossStart);
        return index < PairStart ? "choice of words" : index < LetterStart ? "turns of phrase" : index < Dimension ? "letter patterns" : "meaning of the text";
    }

    private static string ComputeHash()
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{Version}|{LetterGram}|{WordNorm}|{PairNorm}|{LetterNorm}|{SignalScale}|{ConceptScale}|{CrossScale}|{EmbeddingNorm}|{EmbeddingWindow}|");
        text.Append(CultureInfo.InvariantCulture, $"{WordBits}|{PairBits}|{LetterBits}|{TriageInput.HeadChars}|{TriageInput.TailChars}");
        foreach (var signal in Enum.GetNames<Signal>())
            text.Append('|').Append(signal);
        foreach (var crossed in FormatFeatures.Crossed)
            text.Append('|').Append(crossed);
        text.Append('|').Append(AsideWords.AllWords);
        foreach (var (name, words) in Lexicon.Concepts)
            text.Append('|').Append(name).Append('=').Append(words);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }
}
