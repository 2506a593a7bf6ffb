using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Local.OpenAi;
using HybridRouter.Wire;
using OllamaSharp.Models;

namespace HybridRouter.Local.Ollama;

/// <summary>
/// What an Ollama host has. Configured models are served as configured once they are pulled; without configured ones
/// everything the host has is served. Thread-safe.
/// </summary>
internal sealed class OllamaModelList(LocalEngineOptions engine, OllamaWire wire)
{
    private readonly Dictionary<string, LocalModelOptions> _discovered = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<(LocalModelOptions Options, ServedModel Model)> _models = [.. engine.Models.Select(m => (m, Serve(m)))];
    private volatile HashSet<string>? _tags;

    public IReadOnlyList<(LocalModelOptions Options, ServedModel Model)> Models => _models;

    /// <summary>Whether the host has it; true as long as the host was not asked.</summary>
    public bool Has(ServedModel model) => _tags?.Contains(Full(model.UpstreamName)) ?? true;

    /// <summary>Asks the host. Never throws for its trouble.</summary>
    public async Task<ProbeResult> RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            var tags = (await wire.ListLocalModelsAsync(cancellationToken).ConfigureAwait(false)).Select(m => m.Name).Order(StringComparer.Ordinal).ToList();
            if (engine.Models.Count == 0)
            {
                foreach (var tag in tags.Where(t => !_discovered.ContainsKey(t)))
                    _discovered[tag] = await DescribeAsync(tag, cancellationToken).ConfigureAwait(false);
                _models = [.. tags.Select(t => (_discovered[t], Serve(_discovered[t])))];
            }
            _tags = new HashSet<string>(tags.Select(Full), StringComparer.Ordinal);
            return new ProbeResult(true, null);
        }
        catch (Exception e) when (OllamaFailure.Of(e) is { } failure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new ProbeResult(false, failure.Error.Message);
        }
    }

    private static ServedModel Serve(LocalModelOptions options) => options.ToServed();

    /// <summary>Ollama means the tag "latest" where none is written.</summary>
    private static string Full(string tag) => tag.Contains(':', StringComparison.Ordinal) ? tag : $"{tag}:latest";

    private async Task<LocalModelOptions> DescribeAsync(string tag, CancellationToken cancellationToken)
    {
        var shown = await wire.ShowModelAsync(new ShowModelRequest { Model = tag }, cancellationToken).ConfigureAwait(false);
        var capabilities = shown.Capabilities ?? ["completion"];
        var abilities = new List<LocalAbility>();
        if (capabilities.Contains("tools"))
            abilities.Add(LocalAbility.Tools);
        if (capabilities.Contains("insert"))
            abilities.Add(LocalAbility.Infill);
        if (capabilities.Contains("vision"))
            abilities.Add(LocalAbility.Images);
        if (capabilities.Contains("completion"))
            abilities.Add(LocalAbility.JsonSchema);
        return new LocalModelOptions { Name = tag, Abilities = abilities, Embeddings = capabilities.Contains("embedding") && !capabilities.Contains("completion") };
    }
}
