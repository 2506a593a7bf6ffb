using System.Reflection;
using System.Text;
using System.Text.Json;
using HybridRouter.Embedding;

namespace HybridRouter.UnitTests.Embedding;

/// <summary>The encoder that is in the repository, and what the original made of the same texts.</summary>
internal static class ShippedEncoder
{
    public static readonly string Folder = Path.Combine(Root(), "models", "encoder");

    public static OnnxSentenceEncoder Encoder { get; } = new(Folder);

    public static IReadOnlyList<ReferenceVector> Vectors { get; } = Read<ReferenceVector>("vectors.json");

    public static IReadOnlyList<ReferenceTokens> Tokens { get; } = Read<ReferenceTokens>("tokens.json");

    public static UnigramTokenizer Tokenizer()
    {
        var files = new EncoderFiles(Folder);
        return new UnigramTokenizer(
            Encoding.UTF8.GetString(files.Read(EncoderFiles.PiecesName)),
            new CompatibilityForm(Encoding.UTF8.GetString(files.Read(EncoderFiles.NormalizationName))));
    }

    public static float[] Encode(ReadOnlySpan<char> text)
    {
        var vector = new float[Encoder.Dimensions];
        Encoder.Encode(text, vector);
        return vector;
    }

    /// <summary>Copies the encoder into a folder that a test may damage.</summary>
    public static void CopyTo(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(Folder))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
    }

    private static T[] Read<T>(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        return JsonSerializer.Deserialize<T[]>(stream, JsonSerializerOptions.Web)!;
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "HybridRouter.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("tests run from within the repository");
    }
}

/// <param name="Norm">Of the original's vector.</param>
/// <param name="Start">Its first 16 dimensions.</param>
/// <param name="Cosines">With every text of the list, in order.</param>
internal sealed record ReferenceVector(string Text, double Norm, float[] Start, double[] Cosines);

internal sealed record ReferenceTokens(string Text, int[] Tokens);
