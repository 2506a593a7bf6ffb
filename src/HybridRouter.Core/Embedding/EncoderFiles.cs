using System.Security.Cryptography;
using System.Text.Json;

namespace HybridRouter.Embedding;

/// <summary>The folder of an encoder: <c>encoder.json</c> names its version and the SHA-256 of each file.</summary>
internal sealed class EncoderFiles
{
    public const string ManifestName = "encoder.json";
    public const string ModelName = "use-lite.onnx";
    public const string PiecesName = "pieces.tsv";
    public const string NormalizationName = "nfkc.tsv";

    private readonly string _folder;
    private readonly Manifest _manifest;

    /// <exception cref="EncoderLoadException">The manifest is missing or malformed.</exception>
    public EncoderFiles(string folder)
    {
        _folder = folder;
        var path = Path.Combine(folder, ManifestName);
        try
        {
            _manifest = JsonSerializer.Deserialize<Manifest>(Bytes(path), JsonSerializerOptions.Web)
                ?? throw new EncoderLoadException($"{path} is empty: {Remedy}");
        }
        catch (JsonException e)
        {
            throw new EncoderLoadException($"{path} is damaged ({e.Message}): {Remedy}", e);
        }
    }

    internal static string Remedy => "restore models/encoder from the release";

    /// <summary>Version and the first digits of the model's hash.</summary>
    public string Version => $"{_manifest.Version}-{Hash(ModelName)[..8]}";

    /// <exception cref="EncoderLoadException">Missing, unreadable or not the file that the manifest describes.</exception>
    public byte[] Read(string name)
    {
        var path = Path.Combine(_folder, name);
        var content = Bytes(path);
        return Convert.ToHexStringLower(SHA256.HashData(content)) == Hash(name)
            ? content
            : throw new EncoderLoadException($"{path} is not the file that {ManifestName} describes: {Remedy}");
    }

    private string Hash(string name) =>
        _manifest.Sha256.TryGetValue(name, out var hash) && hash.Length == 64
            ? hash
            : throw new EncoderLoadException($"{Path.Combine(_folder, ManifestName)} has no SHA-256 of {name}: {Remedy}");

    private static byte[] Bytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EncoderLoadException($"{path} is missing: {Remedy}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EncoderLoadException($"{path} cannot be read ({e.Message})", e);
        }
    }

    private sealed record Manifest
    {
        public required string Version { get; init; }

        public required IReadOnlyDictionary<string, string> Sha256 { get; init; }
    }
}
