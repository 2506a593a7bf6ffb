using HybridRouter.Configuration;

namespace HybridRouter.Models;

/// <summary>Finds the GGUF file that a configured model means. Thread-safe.</summary>
public sealed class LocalWeights(ModelCatalog catalog, ModelStore store)
{
    /// <summary>Looks at the disk each time, so that weights pulled meanwhile are found.</summary>
    public WeightsFile Resolve(LocalModelOptions model)
    {
        if (string.IsNullOrWhiteSpace(model.File))
            return new WeightsFile(null, $"'file' of model '{model.Name}' is not set; give a GGUF file or an id of models/manifest.json");
        if (catalog.Find(model.File) is { } choice)
        {
            return store.Has(choice.File)
                ? new WeightsFile(store.PathOf(choice.File), null)
                : new WeightsFile(null, $"its weights are not here yet; run: models pull {model.File}");
        }
        // A relative path is looked up beside pulled weights first, then where the program was started.
        string[] candidates = [Path.Combine(store.Folder, model.File), Path.GetFullPath(model.File)];
        return candidates.FirstOrDefault(File.Exists) is { } path
            ? new WeightsFile(path, null)
            : new WeightsFile(null, $"'{model.File}' is neither a file nor an id of models/manifest.json");
    }

    /// <summary>Memory once loaded, MiB: as configured, else estimated; 0 when nothing is known.</summary>
    public int MemoryMiB(LocalModelOptions model)
    {
        if (model.MemoryMiB > 0)
            return model.MemoryMiB;
        var context = (long)model.ContextTokens * model.Slots;
        if (model.File is { } file && catalog.Find(file) is { } choice)
            return choice.EstimateMemoryMiB(context);
        return Resolve(model).Path is { } path ? ModelMemory.EstimateMiB(new FileInfo(path).Length, 0, context) : 0;
    }
}

/// <summary>A file with weights, or in one line why there is none.</summary>
public readonly record struct WeightsFile(string? Path, string? Problem);
