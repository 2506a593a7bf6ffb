namespace HybridRouter.Configuration;

/// <summary>
/// The whole configuration: <c>hybridrouter.json</c>, then environment variables <c>HYBRIDROUTER_Section__Key</c>,
/// then the command line. Validated at start and at each reload; a reload that does not validate is refused and logged.
/// </summary>
public sealed class RouterOptions
{
    public ServerOptions Server { get; set; } = new();

    public TriageOptions Triage { get; set; } = new();

    public RoutingOptions Routing { get; set; } = new();

    public CloudOptions Cloud { get; set; } = new();

    public LocalOptions Local { get; set; } = new();

    public StorageOptions Storage { get; set; } = new();

    public QuotaOptions Quota { get; set; } = new();

    public LimitsOptions Limits { get; set; } = new();

    public LearningOptions Learning { get; set; } = new();

    /// <summary>By model name. A model without a price costs nothing here.</summary>
    public Dictionary<string, PriceOptions> Prices { get; set; } = new(StringComparer.OrdinalIgnoreCase);
}

public sealed class ServerOptions
{
    public const string DefaultUrl = "http://127.0.0.1:8080";

    /// <summary>Addresses to listen on, scheme and port included. Default: <see cref="DefaultUrl"/>. Needs a restart.</summary>
    public List<string> Urls { get; set; } = [];

    /// <summary>Keys that clients present as bearer tokens. None: the gateway only listens on loopback and asks for no key.</summary>
    public List<ClientKeyOptions> ClientKeys { get; set; } = [];

    /// <summary>Addresses of proxies whose <c>X-Forwarded-For</c> is believed. Default: none.</summary>
    public List<string> TrustedProxies { get; set; } = [];

    /// <summary>Largest request body in MiB, 1..1024. Default 32.</summary>
    public int MaxRequestBodyMiB { get; set; } = 32;
}

public sealed class ClientKeyOptions
{
    /// <summary>Who the key belongs to; appears in logs and metrics.</summary>
    public string Name { get; set; } = "";

    /// <summary>The key: <c>env:NAME</c>, <c>file:PATH</c> or the text itself.</summary>
    public string Key { get; set; } = "";

    /// <summary>Team whose limits apply too; null = none.</summary>
    public string? Team { get; set; }

    /// <summary>User whose limits apply too; null = the request's own <c>safety_identifier</c> or <c>user</c>.</summary>
    public string? User { get; set; }

    /// <summary>True: may read all quota and bring keys back (<c>/v1/quota</c>). Default false.</summary>
    public bool Admin { get; set; }
}

public sealed class TriageOptions
{
    /// <summary>Folder of the trained model; null = the one that ships with the program.</summary>
    public string? ModelPath { get; set; }

    /// <summary>Near the cutoff, also judge by the sentence embedding of the prompt: some milliseconds for a better decision. Default true.</summary>
    public bool Embedding { get; set; } = true;

    /// <summary>Score at or above which a prompt goes to the cloud, 0..1. Null: the one stored with the model.</summary>
    public float? Cutoff { get; set; }
}

public sealed class RoutingOptions
{
    /// <summary>Profile for requests that name no other. Default <c>default</c>.</summary>
    public string DefaultProfile { get; set; } = "default";

    /// <summary>Named sets of routing rules. <c>default</c> exists even when not written.</summary>
    public Dictionary<string, RouteProfileOptions> Profiles { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How long a session keeps its route after its last request, minutes, 1..1440. Default 60.</summary>
    public int SessionMinutes { get; set; } = 60;

    /// <summary>Longest wait for a local slot before the request goes to the cloud, seconds, 0..600. Default 5.</summary>
    public double MaxLocalWaitSeconds { get; set; } = 5;

    public PacingOptions Pacing { get; set; } = new();
}

public enum RequestPriority
{
    /// <summary>Somebody waits for the answer.</summary>
    Interactive,

    /// <summary>Nobody looks, but it should be soon.</summary>
    Background,

    /// <summary>Takes what the others leave.</summary>
    Batch,
}

public enum RouteMode
{
    /// <summary>Triage decides.</summary>
    Auto,
    AlwaysCloud,
    AlwaysLocal,
}

public sealed class RouteProfileOptions
{
    public RouteMode Mode { get; set; } = RouteMode.Auto;

    /// <summary>Own cutoff, 0..1; null = <see cref="TriageOptions.Cutoff"/>.</summary>
    public float? Cutoff { get; set; }

    /// <summary>When the cloud fails or its quota is spent, answer from a local model. Default true.</summary>
    public bool OnPremFallback { get; set; } = true;

    /// <summary>When a local model fails or cannot serve the request, answer from the cloud. Default true; false keeps prompts on-prem.</summary>
    public bool CloudFallback { get; set; } = true;

    /// <summary>Cloud model of this profile; null = <see cref="CloudOptions.DefaultModel"/>.</summary>
    public string? CloudModel { get; set; }

    /// <summary>Local model of this profile; null = <see cref="LocalOptions.DefaultModel"/>.</summary>
    public string? LocalModel { get; set; }

    /// <summary>Priority of requests that send no <c>x-hybridrouter-priority</c>. Default <see cref="RequestPriority.Interactive"/>.</summary>
    public RequestPriority Priority { get; set; } = RequestPriority.Interactive;

    /// <summary>Longest wait for cloud quota, seconds, 0..86400; null = by priority, see <see cref="QueueOptions"/>.</summary>
    public double? MaxQueueSeconds { get; set; }

    /// <summary>Own rules of the moving cutoff; null = <see cref="RoutingOptions.Pacing"/>.</summary>
    public PacingOptions? Pacing { get; set; }

    /// <summary>Fewer tokens for the same answer; null = requests are sent as they came.</summary>
    public EconomyOptions? Economy { get; set; }

    /// <summary>The check of local answers; null = none.</summary>
    public DraftCheckOptions? DraftCheck { get; set; }
}

public sealed class StorageOptions
{
    /// <summary>Folder of the embedded database. Default: <c>data</c> in the working folder. Needs a restart.</summary>
    public string? Path { get; set; }

    /// <summary>Days that stored responses are kept, 1..365. Default 30.</summary>
    public int ResponseDays { get; set; } = 30;
}
