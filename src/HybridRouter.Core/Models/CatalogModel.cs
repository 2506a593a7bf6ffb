namespace HybridRouter.Models;

/// <summary>A model of <c>models/manifest.json</c>.</summary>
public sealed record CatalogModel
{
    /// <summary>Unique, lower case; what <c>models pull</c> and <c>local.engines[].models[].file</c> name.</summary>
    public required string Id { get; init; }

    public required string Family { get; init; }

    public required CatalogKind Kind { get; init; }

    /// <summary>Parameters in billions; all experts of a mixture.</summary>
    public required double ParametersBillion { get; init; }

    /// <summary>Context window it was trained for, tokens.</summary>
    public required int ContextTokens { get; init; }

    public required CatalogLicence Licence { get; init; }

    /// <summary>Page of the original model.</summary>
    public required Uri Source { get; init; }

    /// <summary>Tokens of fill-in-the-middle; null = it was not trained for that.</summary>
    public CatalogInfill? Infill { get; init; }

    /// <summary>Memory of the attention cache per token of context, bytes, in 16-bit floats.</summary>
    public required int CacheBytesPerToken { get; init; }

    /// <summary>The first one is what the bare id means.</summary>
    public required IReadOnlyList<CatalogFile> Files { get; init; }
}

public enum CatalogKind
{
    /// <summary>Continues text and fills gaps; knows no chat.</summary>
    Base,

    /// <summary>Tuned to follow instructions in a chat.</summary>
    Chat,
}

/// <param name="Name">SPDX id where there is one.</param>
/// <param name="Restricted">In words, what it forbids that users should know before they pull; null = nothing unusual.</param>
public sealed record CatalogLicence(string Name, Uri Url, string? Restricted = null);

/// <summary>The tokens before the prefix, before the suffix and before the answer.</summary>
public sealed record CatalogInfill(string Prefix, string Suffix, string Middle);

/// <summary>One GGUF file.</summary>
public sealed record CatalogFile
{
    /// <summary>For example <c>Q4_K_M</c>.</summary>
    public required string Quantization { get; init; }

    public required string File { get; init; }

    /// <summary>The same bytes at each of them; tried in order.</summary>
    public required IReadOnlyList<Uri> Urls { get; init; }

    /// <summary>Size in bytes, for planning; the server's own number decides.</summary>
    public required long SizeBytesEstimate { get; init; }

    /// <summary>Memory once loaded, MiB, by context in tokens.</summary>
    public required IReadOnlyDictionary<int, int> MemoryMiB { get; init; }

    /// <summary>Lower-case hex; null = taken from the server when it is pulled.</summary>
    public string? Sha256 { get; init; }
}

/// <summary>A file that a reference such as <c>qwen2.5-coder-7b-instruct:Q5_K_M</c> means.</summary>
public sealed record CatalogChoice(CatalogModel Model, CatalogFile File)
{
    /// <summary>Memory once loaded with a context of <paramref name="contextTokens"/> in all slots together, MiB.</summary>
    public int EstimateMemoryMiB(long contextTokens) => ModelMemory.EstimateMiB(File.SizeBytesEstimate, Model.CacheBytesPerToken, contextTokens);
}
