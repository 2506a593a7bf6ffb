namespace HybridRouter.Configuration;

public sealed class LocalOptions
{
    /// <summary>Local model of <c>auto</c> and <c>local</c>; null = the first model of the first engine.</summary>
    public string? DefaultModel { get; set; }

    /// <summary>Memory that managed models may use together, MiB; 0 = not limited. Idle models are unloaded to make room.</summary>
    public int MemoryBudgetMiB { get; set; }

    /// <summary>Folder with pulled weights; null = <c>models</c> beside the program or the repository.</summary>
    public string? ModelsPath { get; set; }

    public List<LocalEngineOptions> Engines { get; set; } = [];
}

public enum LocalEngineKind
{
    /// <summary>A server that runs already: llama-server, vLLM, LM Studio and the like.</summary>
    OpenAiCompatible,

    /// <summary>A process per model that the router starts, watches and stops.</summary>
    Managed,
    Ollama,

    /// <summary>In this process; only in builds with <c>-p:UseLLamaSharp=cpu|cuda12</c>.</summary>
    LLamaSharp,
}

public enum ManagedPreset
{
    /// <summary>llama.cpp's <c>llama-server</c> on PATH or at <see cref="LocalEngineOptions.Executable"/>.</summary>
    LlamaServer,

    /// <summary>The Node server that ships with HybridRouter; needs Node.js 20 or newer.</summary>
    GgufHost,
}

public sealed class LocalEngineOptions
{
    /// <summary>Unique name; appears in headers, logs and metrics.</summary>
    public string Name { get; set; } = "";

    public LocalEngineKind Kind { get; set; } = LocalEngineKind.OpenAiCompatible;

    /// <summary>OpenAI-compatible: up to and including <c>/v1</c>. Ollama: the host, default http://127.0.0.1:11434.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>Key for a server that asks for one: <c>env:NAME</c>, <c>file:PATH</c> or the text itself.</summary>
    public string? ApiKey { get; set; }

    public ManagedPreset Preset { get; set; } = ManagedPreset.LlamaServer;

    /// <summary>Program to start; null = looked up on PATH by preset.</summary>
    public string? Executable { get; set; }

    /// <summary>Further arguments of the program, appended to those of the preset.</summary>
    public List<string> Arguments { get; set; } = [];

    /// <summary>Further environment variables of the program, for example CUDA_VISIBLE_DEVICES.</summary>
    public Dictionary<string, string> Environment { get; set; } = [];

    /// <summary>Unload a managed model after this idle time, minutes; 0 = never. Default 15. Ollama: its keep-alive.</summary>
    public double IdleMinutes { get; set; } = 15;

    /// <summary>Longest start of a managed model, seconds, 1..3600. Default 180.</summary>
    public double StartTimeoutSeconds { get; set; } = 180;

    /// <summary>Time to the first byte once a slot is held, seconds, 1..3600. Default 300.</summary>
    public double FirstByteTimeoutSeconds { get; set; } = 300;

    /// <summary>Time to the whole answer of a request that does not stream, seconds, 1..3600. Default 600. Ollama streams always.</summary>
    public double AnswerTimeoutSeconds { get; set; } = 600;

    /// <summary>Longest silence inside a stream, seconds, 1..3600. Default 120.</summary>
    public double IdleTimeoutSeconds { get; set; } = 120;

    public List<LocalModelOptions> Models { get; set; } = [];
}

public sealed class LocalModelOptions
{
    /// <summary>The name that clients use.</summary>
    public string Name { get; set; } = "";

    /// <summary>The name sent to the engine (Ollama: the tag); null = <see cref="Name"/>.</summary>
    public string? UpstreamName { get; set; }

    /// <summary>GGUF file for managed and LLamaSharp engines: a path, or an id of <c>models/manifest.json</c>.</summary>
    public string? File { get; set; }

    /// <summary>Context window in tokens, prompt and answer together; also what a managed engine is started with.</summary>
    public int ContextTokens { get; set; } = 8192;

    /// <summary>Requests served at the same time, 1..256. Default 1.</summary>
    public int Slots { get; set; } = 1;

    /// <summary>Memory once loaded, MiB; 0 = taken from the manifest or the file size.</summary>
    public int MemoryMiB { get; set; }

    /// <summary>Layers on the GPU; -1 = all. Default -1.</summary>
    public int GpuLayers { get; set; } = -1;

    /// <summary>Mean characters per token, for estimates, 0.25..10. Default 3.2.</summary>
    public double CharsPerToken { get; set; } = 3.2;

    /// <summary>What it can do beyond text. Null: <see cref="DefaultAbilities"/>. (A default inside the list could not be taken out by a configuration.)</summary>
    public List<LocalAbility>? Abilities { get; set; }

    public static readonly IReadOnlyList<LocalAbility> DefaultAbilities = [LocalAbility.Tools, LocalAbility.JsonSchema, LocalAbility.Infill];

    /// <summary>True for a model of the embeddings endpoint.</summary>
    public bool Embeddings { get; set; }

    /// <summary>Route profile for requests that name this model; null = the default profile.</summary>
    public string? Profile { get; set; }
}

public enum LocalAbility
{
    Tools,
    Images,
    MultipleChoices,
    LogProbs,
    JsonSchema,
    Infill,
    Audio,
}
