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

    /// <summary>Keys without rules of their own: <c>env:NAME</c>, <c>file:PATH</c> or the text itself.</summary>
    public List<string> ApiKeys { get; set; } = [];

    /// <summary>Keys with a name, limits or a weight; used beside <see cref="ApiKeys"/>.</summary>
    public List<CloudKeyOptions> Keys { get; set; } = [];

    /// <summary>For whom the provider's limits hold: keys of one scope have them together, not each. Default <see cref="LimitScope.Key"/>.</summary>
    public LimitScope LimitsPer { get; set; } = LimitScope.Key;

    /// <summary>How a key is chosen among those with room. Default <see cref="KeyStrategy.MostHeadroom"/>.</summary>
    public KeyStrategy Strategy { get; set; } = KeyStrategy.MostHeadroom;

    /// <summary>A key whose credentials were refused or whose quota is spent is tried again with one request after this time, minutes, 1..1440. Default 10.</summary>
    public double ProbeMinutes { get; set; } = 10;

    /// <summary>Retries may add this much to the traffic, percent, 0..1000, and ten a minute in any case. Default 20.</summary>
    public double RetryBudgetPercent { get; set; } = 20;

    /// <summary>True: the provider counts a request's maximum output against its limits before it answers, as OpenAI and Azure document. Default true.</summary>
    public bool CountsMaximumOutput { get; set; } = true;

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

/// <summary>For whom a provider's rate limits hold. What a key may spend, and whether it is in service, is its own in any case.</summary>
public enum LimitScope
{
    /// <summary>Each key has them.</summary>
    Key,

    /// <summary>The keys of one <see cref="CloudKeyOptions.Project"/> have them together, as at OpenAI.</summary>
    Project,

    /// <summary>All keys have them together, as those of one Azure resource or of one project.</summary>
    Provider,
}

/// <summary>How a key is chosen among those with room for a request.</summary>
public enum KeyStrategy
{
    /// <summary>The largest share of its limits left; of equals, the least loaded.</summary>
    MostHeadroom,

    /// <summary>In turn.</summary>
    RoundRobin,

    /// <summary>In turn, by <see cref="CloudKeyOptions.Weight"/>.</summary>
    Weighted,

    /// <summary>The one whose unused quota is lost soonest.</summary>
    SoonestReset,
}

public sealed class CloudKeyOptions
{
    /// <summary>Name in logs, metrics and <c>/v1/quota</c>; unique within the provider. Empty: its position.</summary>
    public string Name { get; set; } = "";

    /// <summary><c>env:NAME</c>, <c>file:PATH</c> or the text itself.</summary>
    public string Key { get; set; } = "";

    /// <summary>Keys of one project share the project's limits, which the provider tells in its headers; null = the provider's name.</summary>
    public string? Project { get; set; }

    /// <summary>For <see cref="KeyStrategy.Weighted"/>, 1..1000. Default 1.</summary>
    public int Weight { get; set; } = 1;

    /// <summary>Limits of this key for each model; null = those of the model (<see cref="CloudModelOptions.Limits"/>).</summary>
    public UpstreamLimitOptions? Limits { get; set; }

    /// <summary>Limits of this key by model name; they win over <see cref="Limits"/>.</summary>
    public Dictionary<string, UpstreamLimitOptions> ModelLimits { get; set; } = new(StringComparer.OrdinalIgnoreCase);
}

/// <summary>What one key, or the scope of <see cref="CloudProviderOptions.LimitsPer"/>, may use of one model. Null: not known; what the provider's headers tell then holds.</summary>
public sealed class UpstreamLimitOptions
{
    /// <summary>1..1e9.</summary>
    public long? RequestsPerMinute { get; set; }

    /// <summary>1..1e12.</summary>
    public long? TokensPerMinute { get; set; }

    /// <summary>1..1e12.</summary>
    public long? RequestsPerDay { get; set; }

    /// <summary>1..1e15.</summary>
    public long? TokensPerDay { get; set; }

    /// <summary>Requests, or jobs, under way at the same time, 1..100000.</summary>
    public int? ConcurrentRequests { get; set; }

    /// <summary>US dollars per month of UTC, of each key, by <see cref="RouterOptions.Prices"/>, 0..1e9.</summary>
    public double? SpendPerMonth { get; set; }

    /// <summary>Seconds of a minute's limit that may be used at once, 1..60. Default 60; Azure judges over 1 to 10.</summary>
    public double BurstSeconds { get; set; } = 60;
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

    /// <summary>Limits of each key for this model, or of each <see cref="CloudProviderOptions.LimitsPer"/>.</summary>
    public UpstreamLimitOptions? Limits { get; set; }

    /// <summary>True: capacity that is paid for whether used or not (PTU). It is filled first, and never waited for where <see cref="SpillTo"/> is set.</summary>
    public bool Provisioned { get; set; }

    /// <summary>Cloud model that takes what does not fit here; null = the local model does, where the profile allows.</summary>
    public string? SpillTo { get; set; }

    /// <summary>Output tokens count this many times against the token limits, 1..100: provisioned throughput weighs them. Default 1.</summary>
    public double OutputWeight { get; set; } = 1;
}
