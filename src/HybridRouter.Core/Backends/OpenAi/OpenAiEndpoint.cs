using HybridRouter.Wire;

namespace HybridRouter.Backends.OpenAi;

/// <summary>Where and how one upstream is called: OpenAI's own paths, or Azure OpenAI's by deployment.</summary>
/// <param name="BaseUrl">OpenAI wire: up to <c>/v1</c>. Azure: the resource endpoint.</param>
public sealed record OpenAiEndpoint(Uri BaseUrl)
{
    /// <summary>Of a stream.</summary>
    public TimeSpan FirstByteTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Of a whole answer, which has no byte to show until it is done.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(600);

    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Start-up events of a stream are held back this long, so that an error inside a 200 can still fail over.</summary>
    public TimeSpan OpeningWindow { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Azure by deployment when set; keys then travel in <c>api-key</c>.</summary>
    public string? AzureApiVersion { get; init; }

    internal Uri Resolve(WireApi api, string upstreamModel)
    {
        var root = BaseUrl.AbsoluteUri.TrimEnd('/');
        if (AzureApiVersion is null)
            return new Uri($"{root}/{api.Path()}");
        // Azure serves Responses under its resource, everything else under the deployment.
        var path = api == WireApi.Responses ? "openai/responses" : $"openai/deployments/{Uri.EscapeDataString(upstreamModel)}/{api.Path()}";
        return new Uri($"{root}/{path}?api-version={Uri.EscapeDataString(AzureApiVersion)}");
    }

    internal void Authorize(HttpRequestMessage message, string? apiKey)
    {
        if (string.IsNullOrEmpty(apiKey))
            return;
        if (AzureApiVersion is null)
            message.Headers.TryAddWithoutValidation("Authorization", $"Bearer {apiKey}");
        else
            message.Headers.TryAddWithoutValidation("api-key", apiKey);
    }
}
