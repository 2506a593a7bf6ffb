namespace HybridRouter.Configuration;

public sealed class CloudOptions
{
    /// <summary>Cloud model of <c>auto</c> and <c>cloud</c>; null = the first model of the first provider.</summary>
    public string? DefaultModel { get; set; }

    public List<CloudProviderOptions> Providers { get; set; } = [];
}

public enum CloudKind
{
    /// <summary>OpenAI, or anything with its wire and bearer keys.</summary>
    OpenAi,

    /// <summary>Azure OpenAI by deployment: <c>{endpoint}/openai/deployments/{deployment}</c>, <c>api-key</c> header.</summary>
    AzureOpenAi,
}

public sealed class CloudProviderOptions
{
    /// <summary>Unique name; appears in headers, logs and metrics.</summary>
    public string Name { get; set; } = "";

    public CloudKind Kind { get; set; } = CloudKind.OpenAi;

    /// <summary>OpenAI: up to and including <c>/v1</c>. Azure: the resource endpoint.</summary>
    public string BaseUrl { get; set; } = "";

    /// <summary>Azure's <c>api-version</c>; ignored for OpenAI.</summary>
    public string? ApiVersion { get; set; }

    /// <summary>Keys used in rotation: <c>env:NAME</c>, <c>file:PATH</c> or the text itself.</summary>
    public List<string> ApiKeys { get; set; } = [];

    public List<CloudModelOptions> Models { get; set; } = [];

    /// <summary>Time to the first byte, seconds, 1..3600. Default 120.</summary>
    public double FirstByteTimeoutSeconds { get; set; } = 120;

    /// <summary>Time to the whole answer of a request that does not stream, seconds, 1..3600. Default 600, as long as most clients wait.</summary>
    public double AnswerTimeoutSeconds { get; set; } = 600;

    /// <summary>Longest silence inside a stream, seconds, 1..3600. Default 120.</summary>
    public double IdleTimeoutSeconds { get; set; } = 120;

    /// <summary>Tries after the first, 0..10. Default 2.</summary>
    public int MaxRetries { get; set; } = 2;

    /// <summary>First backoff, seconds, 0..60; doubles per try, with full jitter. Default 0.5.</summary>
    public double BackoffSeconds { get; set; } = 0.5;

    /// <summary>Longest wait for one retry, seconds, 0..600; a longer <c>Retry-After</c> ends the tries. Default 8.</summary>
    public double MaxBackoffSeconds { get; set; } = 8;
}

public enum CloudWire
{
    /// <summary>Chat completions and Responses.</summary>
    Both,

    /// <summary>Chat completions only; Responses requests are translated.</summary>
    Chat,

    /// <summary>Responses only (Codex models); chat requests are translated.</summary>
    Responses,
}

public sealed class CloudModelOptions
{
    /// <summary>The name that clients use.</summary>
    public string Name { get; set; } = "";

    /// <summary>The name sent upstream (Azure: the deployment); null = <see cref="Name"/>.</summary>
    public string? UpstreamName { get; set; }

    public CloudWire Wire { get; set; } = CloudWire.Both;

    /// <summary>Context window in tokens; 0 = not checked.</summary>
    public int ContextTokens { get; set; }

    /// <summary>Route profile for requests that name this model; null = the default profile.</summary>
    public string? Profile { get; set; }

    /// <summary>True for a model of the embeddings endpoint.</summary>
    public bool Embeddings { get; set; }
}
