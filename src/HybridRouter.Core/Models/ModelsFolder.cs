namespace HybridRouter.Models;

/// <summary>Finds the <c>models</c> folder that ships with the program.</summary>
public static class ModelsFolder
{
    public const string ManifestName = "manifest.json";

    private const int MaxLevels = 8;

    /// <summary>
    /// The nearest <c>models</c> folder with a manifest, in <paramref name="baseDirectory"/> or above it: beside a
    /// published program, or at the root of the repository. Where there is none, <c>models</c> in the base directory.
    /// </summary>
    public static string Shipped(string baseDirectory)
    {
        var folder = new DirectoryInfo(baseDirectory);
        for (var level = 0; level < MaxLevels && folder is not null; level++, folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "models");
            if (File.Exists(Path.Combine(candidate, ManifestName)))
                return candidate;
        }
        return Path.Combine(baseDirectory, "models");
    }

    /// <summary>The shipped catalog; empty when there is none.</summary>
    /// <exception cref="InvalidDataException">The manifest is broken.</exception>
    public static ModelCatalog ShippedCatalog(string baseDirectory)
    {
        var manifest = Path.Combine(Shipped(baseDirectory), ManifestName);
        return File.Exists(manifest) ? ModelCatalog.Load(manifest) : ModelCatalog.Empty;
    }
}
