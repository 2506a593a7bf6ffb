namespace HybridRouter.Local.OpenAi;

/// <summary>What a look at a server found.</summary>
/// <param name="Up">It answers and its model is loaded.</param>
/// <param name="Reason">Why it is not up, with what to do; null when it is.</param>
internal sealed record ProbeResult(bool Up, string? Reason)
{
    /// <summary>The server is llama.cpp's own: suffix completions go to its <c>/infill</c>.</summary>
    public bool IsLlamaServer { get; init; }

    /// <summary>Requests it serves at the same time, where it tells.</summary>
    public int? Slots { get; init; }
}
