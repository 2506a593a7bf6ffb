using System.Text.Json;
using System.Text.Json.Serialization;

namespace HybridRouter.Models;

/// <summary>The models of <c>models/manifest.json</c>: what can be pulled, under which licence and what it needs. Immutable.</summary>
public sealed class ModelCatalog
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private ModelCatalog(IReadOnlyList<CatalogModel> models) => Models = models;

    public static ModelCatalog Empty { get; } = new([]);

    public IReadOnlyList<CatalogModel> Models { get; }

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is not a valid manifest; the message names the place.</exception>
    public static ModelCatalog Load(string path)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<Manifest>(File.ReadAllBytes(path), Format);
            return new ModelCatalog(manifest?.Models ?? throw new InvalidDataException($"{path} holds no models."));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is not a valid manifest: {e.Message}", e);
        }
    }

    /// <summary>Null when the reference names no model or no quantization of it.</summary>
    /// <param name="reference">An id, or <c>id:quantization</c>; case does not matter.</param>
    public CatalogChoice? Find(string reference)
    {
        var colon = reference.IndexOf(':', StringComparison.Ordinal);
        var (id, quantization) = colon < 0 ? (reference, null) : (reference[..colon], reference[(colon + 1)..]);
        var model = Models.FirstOrDefault(m => string.Equals(m.Id, id, StringComparison.OrdinalIgnoreCase));
        var file = quantization is null
            ? model?.Files[0]
            : model?.Files.FirstOrDefault(f => string.Equals(f.Quantization, quantization, StringComparison.OrdinalIgnoreCase));
        return file is null ? null : new CatalogChoice(model!, file);
    }

    private sealed record Manifest(IReadOnlyList<CatalogModel> Models);
}
