using System.Runtime.CompilerServices;
using HybridRouter.Configuration;
using HybridRouter.Local;
using HybridRouter.Models;

namespace HybridRouter.Doctor;

/// <summary>Are the configured GGUF files there, and are they the published bytes? Reads each file once.</summary>
internal static class WeightChecks
{
    public static async IAsyncEnumerable<Finding> RunAsync(LocalOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var models = options.Engines.Where(e => e.Kind is LocalEngineKind.Managed or LocalEngineKind.LLamaSharp).SelectMany(e => e.Models).ToList();
        var (catalog, broken) = Catalog();
        if (broken is not null)
        {
            yield return broken;
            yield break;
        }
        var weights = LocalBackends.FindWeights(options);
        var store = new ModelStore(options.ModelsPath ?? ModelsFolder.Shipped(AppContext.BaseDirectory));
        foreach (var model in models)
            yield return await CheckAsync(model, weights.Resolve(model), catalog.Find(model.File!)?.File, store, cancellationToken);
    }

    private static (ModelCatalog Catalog, Finding? Broken) Catalog()
    {
        try
        {
            return (ModelsFolder.ShippedCatalog(AppContext.BaseDirectory), null);
        }
        catch (InvalidDataException e)
        {
            return (ModelCatalog.Empty, new(FindingLevel.Fail, "manifest", e.Message, "Restore models/manifest.json."));
        }
    }

    private static async Task<Finding> CheckAsync(LocalModelOptions model, WeightsFile file, CatalogFile? published, ModelStore store, CancellationToken cancellationToken)
    {
        var what = "model " + model.Name;
        if (file.Path is not { } path)
            return new(FindingLevel.Fail, what, file.Problem!, "Its prompts go to the cloud until the weights are there.");
        var state = $"{path}, {new FileInfo(path).Length / 1e6:0.0} MB";
        if (published is null)
            return new(FindingLevel.Ok, what, state);
        return await store.VerifyAsync(published, cancellationToken) switch
        {
            VerifyResult.Good => new(FindingLevel.Ok, what, state + ", SHA-256 verified"),
            VerifyResult.Damaged => new(FindingLevel.Fail, what, state + ", not the published bytes", $"Delete it and run: models pull {model.File}"),
            _ => new(FindingLevel.Warn, what, state + ", no hash known", $"Pull it again to have one: models pull {model.File}"),
        };
    }
}
