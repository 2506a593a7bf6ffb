namespace HybridRouter.Wire;

/// <summary>The OpenAI operations that reach a model. A set of them says what a backend speaks.</summary>
[Flags]
public enum WireApi
{
    None = 0,
    ChatCompletions = 1,
    Responses = 2,
    Completions = 4,
    Embeddings = 8,
}

public static class WireApiPaths
{
    /// <summary>Path below <c>/v1</c>, without a leading slash.</summary>
    public static string Path(this WireApi api) => api switch
    {
        WireApi.ChatCompletions => "chat/completions",
        WireApi.Responses => "responses",
        WireApi.Completions => "completions",
        WireApi.Embeddings => "embeddings",
        _ => throw new ArgumentOutOfRangeException(nameof(api), api, "One operation is needed."),
    };
}
